package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.storage.ImageTool;
import cloud.freehold.agent.storage.Pools;
import cloud.freehold.agent.storage.Tool;
import cloud.freehold.agent.storage.VmFiles;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.HostCommand.MirrorVolume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves a volume to another pool. Of a running VM QEMU copies it and writes each of the guest's writes to both places, then goes on with the copy. The volume's
 * path leads to the copy before QEMU goes over to it: from when the copy is complete both hold the same, so that whatever dies in between, the VM
 * starts from one that has everything.
 */
final class MirrorHandler implements CommandHandler<MirrorVolume> {
    private static final Logger LOG = LoggerFactory.getLogger(MirrorHandler.class);
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Duration COPY = Duration.ofHours(6);
    /** How long libvirt may be gone. */
    private static final Duration AWAY = Duration.ofMinutes(5);

    private final BackupHost host;
    private final ImageTool tool;

    MirrorHandler(BackupHost host) {
        this.host = host;
        this.tool = new ImageTool(host.config().qemuUser());
    }

    @Override
    public Class<MirrorVolume> type() {
        return MirrorVolume.class;
    }

    @Override
    public Set<UUID> exclusive(MirrorVolume command) {
        return Set.of(command.vmId());
    }

    @Override
    public Outcome carryOut(MirrorVolume command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var volume = host.files().volume(command.vmId(), command.volumeId());
        if (!Files.exists(volume)) {
            throw new OrderFailure(ProblemCode.NOT_THERE, "The volume is not there. Wait until the VM is complete.");
        }
        var place = host.files()
                .pools()
                .place(command.pool(), command.vmId(), command.volumeId())
                .orElseThrow(() -> new OrderFailure(
                        ProblemCode.NOT_THERE, "The host has no storage pool of that name. Choose another one."));
        // A name of its own: what the path leads to is exchanged while both are there.
        var target = place.resolveSibling(
                command.volumeId() + "-" + command.id().toString().substring(24) + ".qcow2");
        while (!isMovedOrInterrupted(command, order, volume, target)) {
            if (LiveMove.hasLeft(order)) {
                OnlyForward.pause(order, LOOK);
            } else {
                order.pause(LOOK);
            }
        }
        return new Outcome("the volume is moved", null);
    }

    /**
     * A libvirt that goes away for a while, as when it is updated, ends no move: QEMU goes on, and so does the order from what it finds then. Once the path leads to
     * the copy, whatever libvirt says is no end either, for QEMU may still be on the other one, and the VM would start without what it writes there.
     */
    private boolean isMovedOrInterrupted(MirrorVolume command, Order order, Path volume, Path target)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        try {
            return isMoved(command, order, volume, target);
        } catch (HypervisorException e) {
            boolean isSilent =
                    e.kind() == HypervisorException.Kind.UNAVAILABLE || e.kind() == HypervisorException.Kind.TIMED_OUT;
            if (!isSilent && !LiveMove.hasLeft(order)) {
                throw e;
            }
            LOG.warn("The move {} waits for libvirt: {}", order.id(), e.getMessage());
            order.progress(0, "waits for the host's hypervisor");
            awaitLibvirt(command, order, e);
            return false;
        }
    }

    /** Cancelled meanwhile or not: what is left in QEMU can only be ended when libvirt is back. */
    private void awaitLibvirt(MirrorVolume command, Order order, HypervisorException gone)
            throws OrderFailure, HypervisorException, InterruptedException {
        long end = System.nanoTime() + AWAY.toNanos();
        while (true) {
            OnlyForward.pause(order, LOOK);
            try {
                host.isOn(command.vmId());
                return;
            } catch (HypervisorException e) {
                if (System.nanoTime() > end && !LiveMove.hasLeft(order)) {
                    throw gone;
                }
            }
        }
    }

    /** @return false: the VM is just being switched on or off */
    private boolean isMoved(MirrorVolume command, Order order, Path volume, Path target)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        if (host.isOn(command.vmId())) {
            var move = new LiveMove(host, tool, command, order, volume, target);
            if (!LiveMove.hasLeft(order)) {
                checkOrGiveUp(order, move);
            }
            move.move();
            return true;
        }
        if (!LiveMove.hasLeft(order)) {
            order.check();
        }
        var use = host.diskUse().take(command.vmId(), "a volume of it is being moved", () -> {});
        if (use.isEmpty()) {
            return false;
        }
        try (var inUse = use.get()) {
            if (host.isOn(command.vmId())) {
                return false;
            }
            var present = volume.toRealPath();
            if (!present.getParent().equals(target.getParent().toRealPath())) {
                moveStopped(order, volume, present, target);
            }
            LiveMove.deleteOthers(host, command, volume.toRealPath());
            return true;
        }
    }

    private static void checkOrGiveUp(Order order, LiveMove move)
            throws OrderFailure, HypervisorException, IOException {
        try {
            order.check();
        } catch (OrderFailure e) {
            move.giveUp();
            throw e;
        }
    }

    /** As it is, with its snapshots and bitmaps. */
    private static void moveStopped(Order order, Path volume, Path present, Path target)
            throws OrderFailure, IOException {
        checkRoom(target, Files.size(present));
        order.progress(10, "copying");
        Files.deleteIfExists(target);
        try {
            Tool.run(COPY, List.of("cp", "--sparse=always", "--reflink=auto", present.toString(), target.toString()));
            Tool.run(COPY, List.of("sync", target.toString()));
        } catch (IOException e) {
            Files.deleteIfExists(target);
            throw e;
        }
        Pools.link(volume, target);
    }

    static void checkRoom(Path target, long bytes) throws OrderFailure {
        if (Pools.free(target.getParent()) < bytes + VmFiles.RESERVE_BYTES) {
            throw new OrderFailure(
                    ProblemCode.HOST_CAPACITY,
                    "The pool has no room for the volume. Choose another one, or make room.");
        }
    }
}
