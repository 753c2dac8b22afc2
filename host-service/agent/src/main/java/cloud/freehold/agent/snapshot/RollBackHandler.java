package cloud.freehold.agent.snapshot;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandResult.RolledBack;
import cloud.freehold.api.command.HostCommand.RollBack;
import cloud.freehold.api.desired.DesiredVolume;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Puts a VM's disks back to a snapshot, and its memory if the snapshot has it: switches the VM off, puts the disks back, and lets the reconciler start
 * it again, with the memory where there is some. From the first disk on there is only forward: until all are back the VM does not start.
 */
final class RollBackHandler implements CommandHandler<RollBack> {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(300);
    private static final Duration START = Duration.ofSeconds(90);
    private static final String BEGUN = "begun";
    /** Noted before the VM may start: what its guest writes from then on is not to be lost by going back once more. Says whether there is memory. */
    private static final String PUT_BACK = "put-back";

    private final SnapshotHost host;
    private final StoppedDisks stopped;
    private final Map<UUID, DiskUse.Use> reserved = new ConcurrentHashMap<>();

    RollBackHandler(SnapshotHost host) {
        this.host = host;
        this.stopped = new StoppedDisks(host.config());
    }

    @Override
    public Class<RollBack> type() {
        return RollBack.class;
    }

    @Override
    public Set<UUID> exclusive(RollBack command) {
        return Set.of(command.vmId());
    }

    /** Half of the disks may be back: the VM must not start. */
    @Override
    public void reserve(RollBack command, Map<String, String> notes) {
        if (notes.containsKey(BEGUN) && !notes.containsKey(PUT_BACK)) {
            take(command).ifPresent(use -> reserved.put(command.id(), use));
        }
    }

    private Optional<DiskUse.Use> take(RollBack command) {
        return host.diskUse().take(command.vmId(), "it is being put back to a snapshot", () -> {});
    }

    @Override
    public void release(RollBack command) {
        var left = reserved.remove(command.id());
        if (left != null) {
            left.close();
            host.kick().accept(command.vmId());
        }
    }

    @Override
    public Outcome carryOut(RollBack command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        if (!order.notes().containsKey(PUT_BACK)) {
            goBack(command, order);
        }
        host.kick().accept(command.vmId());
        boolean memory = Boolean.parseBoolean(order.notes().get(PUT_BACK));
        return new Outcome("the VM is put back", new RolledBack(note(command, order, memory)));
    }

    private void goBack(RollBack command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var entry = host.book()
                .find(command.vmId(), command.snapshotId())
                .orElseThrow(() -> new OrderFailure(ProblemCode.NOT_THERE, "The snapshot is not there any more."));
        boolean memory = entry.memoryBytes() > 0;
        check(command, entry, memory);
        try (var use = use(command, order)) {
            order.progress(20, "switching the VM off");
            switchOff(command.vmId());
            checkIsThere(command, entry);
            order.progress(40, "putting the disks back");
            order.note(BEGUN, "yes");
            putBack(command, entry);
            var continuation = host.files().continuation(command.vmId());
            if (memory) {
                continuation.want(entry.name());
            } else {
                continuation.forget();
            }
            order.note(PUT_BACK, Boolean.toString(memory));
        }
    }

    private void putBack(RollBack command, SnapshotBook.Entry entry) throws OrderFailure {
        try {
            for (var volume : entry.volumes()) {
                stopped.goBack(host.files().volume(command.vmId(), volume), entry.name());
            }
        } catch (IOException e) {
            throw new OrderFailure(
                    ProblemCode.INTERNAL,
                    "Not all volumes could be put back, so that they may be of two moments. Stop the VM and go back to the snapshot"
                            + " again; if that fails, too, restore a recovery point.",
                    e);
        }
    }

    private void check(RollBack command, SnapshotBook.Entry entry, boolean memory) throws OrderFailure {
        var desired = host.desired().get().vms().get(command.vmId());
        if (desired == null) {
            throw new OrderFailure(ProblemCode.NOT_THERE, "The VM is not on this host any more.");
        }
        var volumes = new HashSet<UUID>();
        desired.volumes().stream().map(DesiredVolume::id).forEach(volumes::add);
        if (!volumes.equals(Set.copyOf(entry.volumes()))) {
            throw new OrderFailure(
                    ProblemCode.WRONG_STATE,
                    "The VM has other volumes than when the snapshot was taken. Attach and detach them as they were, then repeat.");
        }
        if (memory && !entry.shape().equals(host.shape().apply(command.vmId()))) {
            throw new OrderFailure(
                    ProblemCode.WRONG_STATE,
                    "The VM has another size, image or other network interfaces than when the snapshot was taken, and its memory"
                            + " fits nothing else. Change it back, then repeat.");
        }
    }

    private DiskUse.Use use(RollBack command, Order order) throws OrderFailure, InterruptedException {
        var mine = reserved.remove(command.id());
        while (mine == null) {
            order.check();
            mine = take(command).orElse(null);
            if (mine == null) {
                order.pause(LOOK_AGAIN);
            }
        }
        return mine;
    }

    private void switchOff(UUID vm) throws HypervisorException {
        if (host.isOn(vm)) {
            host.hypervisor().destroy(vm);
        }
    }

    /** Before anything is touched. */
    private void checkIsThere(RollBack command, SnapshotBook.Entry entry) throws OrderFailure, IOException {
        for (var volume : entry.volumes()) {
            var file = host.files().volume(command.vmId(), volume);
            if (!Files.exists(file) || !stopped.has(file, entry.name())) {
                host.kick().accept(command.vmId());
                throw new OrderFailure(
                        ProblemCode.NOT_THERE,
                        "The snapshot is not in all volumes any more, as after a restore or a move of a volume. Nothing was changed.");
            }
        }
    }

    private String note(RollBack command, Order order, boolean memory)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var next = "The next backup reads everything once.";
        var desired = host.desired().get().vms().get(command.vmId());
        if (!memory || desired == null || desired.power() != cloud.freehold.api.desired.PowerState.RUNNING) {
            return next;
        }
        order.progress(80, "starting with the memory as it was");
        long end = System.nanoTime() + START.toNanos();
        while (System.nanoTime() < end && !host.isOn(command.vmId())) {
            order.pause(LOOK_AGAIN);
        }
        return host.files().continuation(command.vmId()).hasFailed()
                ? "The memory could not be put back; the VM starts anew from its disks. " + next
                : next;
    }
}
