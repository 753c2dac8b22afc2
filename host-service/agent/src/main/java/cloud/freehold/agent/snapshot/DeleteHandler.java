package cloud.freehold.agent.snapshot;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.command.HostCommand.DeleteSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;

/** Removes a snapshot; one that is not there is removed. */
final class DeleteHandler implements CommandHandler<DeleteSnapshot> {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(300);

    private final SnapshotHost host;
    private final StoppedDisks stopped;

    DeleteHandler(SnapshotHost host) {
        this.host = host;
        this.stopped = new StoppedDisks(host.config());
    }

    @Override
    public Class<DeleteSnapshot> type() {
        return DeleteSnapshot.class;
    }

    @Override
    public Set<UUID> exclusive(DeleteSnapshot command) {
        return Set.of(command.vmId());
    }

    @Override
    public Outcome carryOut(DeleteSnapshot command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var entry = host.book().find(command.vmId(), command.snapshotId());
        if (entry.isPresent()) {
            while (!isRemoved(command, entry.get())) {
                order.pause(LOOK_AGAIN);
            }
            host.book().strike(command.vmId(), command.snapshotId());
        }
        return new Outcome("the snapshot is removed", null);
    }

    /** @return false: the VM is just being switched on or off */
    private boolean isRemoved(DeleteSnapshot command, SnapshotBook.Entry entry)
            throws HypervisorException, IOException {
        var vm = command.vmId();
        var volumes = entry.volumes().stream()
                .filter(volume -> Files.exists(host.files().volume(vm, volume)))
                .toList();
        var files =
                volumes.stream().map(volume -> host.files().volume(vm, volume)).toList();
        if (host.isOn(vm)) {
            try (var target = Target.running(
                    host.files(),
                    vm,
                    command.snapshotId(),
                    volumes,
                    host.hypervisor().monitor(vm))) {
                target.remove(stopped);
            }
            return true;
        }
        var use = host.keepOff(vm, "a snapshot of it is being removed");
        if (use.isEmpty()) {
            return false;
        }
        try (var target = Target.off(vm, command.snapshotId(), volumes, files, use.get(), null)) {
            target.remove(stopped);
        }
        return true;
    }
}
