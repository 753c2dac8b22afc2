package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.HypervisorException.Kind;
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
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The move of one volume to another pool. Of a running VM QEMU copies it and writes each of the guest's writes to both places, then goes on with the copy. The
 * volume's path leads to the copy before QEMU goes over to it: from when the copy is complete both hold the same, so that whatever dies in between, the VM
 * starts from one that has everything.
 */
final class VolumeMove {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeMove.class);
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Duration COPY = Duration.ofHours(6);
    /** How long libvirt may be gone. */
    private static final Duration AWAY = Duration.ofMinutes(5);
    /** How often the VM may go off, or start anew, while it is copied. */
    private static final int MOST_ENDS = 3;

    private final BackupHost host;
    private final ImageTool tool;
    private final MirrorVolume command;
    private final Order order;
    private final Path volume;
    private final Path target;
    private int ends;

    /**
     * @param volume the volume's path, which leads to where it is
     * @param target where it is to be
     */
    VolumeMove(BackupHost host, ImageTool tool, MirrorVolume command, Order order, Path volume, Path target) {
        this.host = host;
        this.tool = tool;
        this.command = command;
        this.order = order;
        this.volume = volume;
        this.target = target;
    }

    /** Goes on from whatever it finds, be it of another agent or of another run of the VM. */
    void move() throws OrderFailure, HypervisorException, IOException, InterruptedException {
        while (!isMovedOrInterrupted()) {
            if (LiveMove.hasLeft(order)) {
                OnlyForward.pause(order, LOOK);
            } else {
                order.pause(LOOK);
            }
        }
    }

    /**
     * A libvirt that goes away for a while, as when it is updated, ends no move: QEMU goes on, and so does the order from what it finds then. Once the path leads to
     * the copy, whatever libvirt says is no end either, for QEMU may still be on the other one, and the VM would start without what it writes there.
     */
    private boolean isMovedOrInterrupted() throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var begun = Optional.<Domain>empty();
        try {
            begun = host.running(command.vmId());
            return begun.isPresent() ? isMovedLive(new VmRun(host.hypervisor(), begun.get())) : isMovedStopped();
        } catch (HypervisorException e) {
            if (isSilent(e) || LiveMove.hasLeft(order)) {
                LOG.warn("The move {} waits for libvirt: {}", order.id(), e.getMessage());
                order.progress(0, "waits for the host's hypervisor");
                awaitLibvirt(e);
            } else if (begun.isPresent() && new VmRun(host.hypervisor(), begun.get()).isOver()) {
                LOG.info("The move {} begins once more, for the VM ended: {}", order.id(), e.getMessage());
                countEnd();
            } else {
                throw e;
            }
            return false;
        }
    }

    private static boolean isSilent(HypervisorException e) {
        return e.kind() == Kind.UNAVAILABLE || e.kind() == Kind.TIMED_OUT;
    }

    private void countEnd() throws OrderFailure {
        if (++ends > MOST_ENDS) {
            throw new OrderFailure(
                    ProblemCode.WRONG_STATE,
                    "The VM ended again and again while its volume was copied. Switch it off, then repeat the move.");
        }
    }

    /** Cancelled meanwhile or not: what is left in QEMU can only be ended when libvirt is back. */
    private void awaitLibvirt(HypervisorException gone) throws OrderFailure, HypervisorException, InterruptedException {
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

    private boolean isMovedLive(VmRun run) throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var move = new LiveMove(host, tool, command, order, run, volume, target);
        if (!LiveMove.hasLeft(order)) {
            checkOrGiveUp(move);
        }
        move.move();
        return true;
    }

    private void checkOrGiveUp(LiveMove move) throws OrderFailure, HypervisorException, IOException {
        try {
            order.check();
        } catch (OrderFailure e) {
            move.giveUp();
            throw e;
        }
    }

    /** @return false: the VM is just being switched on or off */
    private boolean isMovedStopped() throws OrderFailure, HypervisorException, IOException {
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
                moveStopped(present);
            }
            LiveMove.deleteOthers(host, command, volume.toRealPath());
            return true;
        }
    }

    /** As it is, with its snapshots and bitmaps. */
    private void moveStopped(Path present) throws OrderFailure, IOException {
        checkRoom(target, Files.size(present));
        Files.deleteIfExists(target);
        var copying = new Copying(order, "copying", 5, 95);
        long size = Files.size(present);
        try {
            Tool.run(
                    COPY,
                    List.of("cp", "--sparse=always", "--reflink=auto", present.toString(), target.toString()),
                    LOOK,
                    () -> {
                        order.check();
                        copying.at(System.nanoTime(), copied(), size);
                    });
            Tool.run(COPY, List.of("sync", target.toString()));
        } catch (OrderFailure | IOException e) {
            Files.deleteIfExists(target);
            throw e;
        }
        Pools.link(volume, target);
    }

    private long copied() {
        try {
            return Files.size(target);
        } catch (IOException e) {
            return 0; // it has not begun
        }
    }

    static void checkRoom(Path target, long bytes) throws OrderFailure {
        if (Pools.free(target.getParent()) < bytes + VmFiles.RESERVE_BYTES) {
            throw new OrderFailure(
                    ProblemCode.HOST_CAPACITY,
                    "The pool has no room for the volume. Choose another one, or make room.");
        }
    }
}
