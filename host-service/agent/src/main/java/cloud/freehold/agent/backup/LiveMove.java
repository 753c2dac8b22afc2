package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.VmDisks;
import cloud.freehold.agent.libvirt.VmDisks.Plugged;
import cloud.freehold.agent.moment.LiveDisk;
import cloud.freehold.agent.storage.ImageTool;
import cloud.freehold.agent.storage.Pools;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.HostCommand.MirrorVolume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.UUID;

/**
 * Moves a volume of a running VM. The volume's path leads to the copy from when the copy is complete, just before QEMU goes
 * over to it; until QEMU has, what it was before is kept under another name, so that either can be gone on with.
 */
final class LiveMove {
    private static final Duration LOOK = Duration.ofMillis(500);
    /** The run of the VM in which QEMU was about to go over, in the order's notes: others start from where the path leads. */
    private static final String GOING_OVER = "going-over";
    /** Where the volume was before, in the order's notes. */
    private static final String PRESENT = "present";

    private final BackupHost host;
    private final ImageTool tool;
    private final MirrorVolume command;
    private final Order order;
    private final VmRun run;
    private final Path volume;
    private final Path target;
    private final Path kept;

    /**
     * @param run of the VM, which is on
     * @param volume the volume's path, which leads to where it is
     * @param target where it is to be
     */
    LiveMove(BackupHost host, ImageTool tool, MirrorVolume command, Order order, VmRun run, Path volume, Path target) {
        this.host = host;
        this.tool = tool;
        this.command = command;
        this.order = order;
        this.run = run;
        this.volume = volume;
        this.target = target;
        this.kept = volume.resolveSibling(command.volumeId() + "-before-moving.qcow2");
    }

    /** Whether the path leads to the copy already, so that only QEMU can tell which of both it goes on with. */
    static boolean hasLeft(Order order) {
        return order.notes().containsKey(GOING_OVER);
    }

    /**
     * What is thrown once {@link #hasLeft} leaves open where QEMU is: to be repeated until it is not.
     */
    void move() throws OrderFailure, HypervisorException, IOException, InterruptedException {
        // Asked first: a mirror that ends in between shows in the disk.
        boolean isReady = isGoingOver() && hasReadyJob(disk());
        var disk = disk();
        if (!isThere(disk) && !isInItsPool()) {
            if (isReady) {
                goOver(disk);
            } else {
                fromTheBeginning(disk);
            }
        }
        deleteOthers(host, command, real(volume));
    }

    /** Leaves nothing of a copy that is not gone on with. */
    void giveUp() throws OrderFailure, HypervisorException, IOException {
        endJob(disk());
        Files.deleteIfExists(kept);
        Files.deleteIfExists(target);
    }

    private void fromTheBeginning(Plugged disk)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        endJob(disk);
        if (isGoingOver()) {
            putBack();
        }
        order.check();
        boolean isPlainFile = !Files.isSymbolicLink(volume);
        var present = volume.toRealPath();
        mirror(disk, present);
        try {
            copy(disk);
            if (isPlainFile) {
                Files.deleteIfExists(kept);
                Files.createLink(kept, volume);
            }
            order.note(PRESENT, present.toString());
            order.note(GOING_OVER, run().toString());
        } catch (OrderFailure | HypervisorException | IOException | InterruptedException e) {
            if (host.isOn(command.vmId())) {
                giveUp();
            } else {
                Files.deleteIfExists(kept); // the mirror ended with its QEMU
                Files.deleteIfExists(target);
            }
            throw e;
        }
        goOver(disk);
    }

    private void goOver(Plugged disk) throws OrderFailure, HypervisorException, IOException, InterruptedException {
        try {
            Pools.link(volume, target);
            host.hypervisor().disks().pivot(command.vmId(), disk.target());
        } catch (HypervisorException e) {
            // A QEMU that died here may have gone over before: the copy alone has all that its guest wrote.
            if (e.kind() == HypervisorException.Kind.REFUSED && !run.isOver()) {
                turnBack();
            }
            throw e;
        } catch (IOException e) {
            turnBack();
            throw e;
        }
    }

    private void turnBack() throws OrderFailure, HypervisorException, IOException {
        if (!isThere(disk())) {
            putBack();
            giveUp();
        }
    }

    /** The path leads to what QEMU still uses. */
    private void putBack() throws IOException {
        if (Files.exists(kept)) {
            Files.move(kept, volume, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } else {
            Pools.link(volume, Path.of(order.notes().get(PRESENT)));
        }
        order.note(GOING_OVER, null);
    }

    private boolean isInItsPool() throws HypervisorException, IOException {
        return !isGoingOver() && volume.toRealPath().getParent().equals(real(target.getParent()));
    }

    /** QEMU uses the copy: by its name, or by the path in a run after the one that was to go over. */
    private boolean isThere(Plugged disk) throws HypervisorException {
        return disk.file().equals(target) || !isGoingOver() && real(disk.file()).equals(real(target));
    }

    private boolean isGoingOver() throws HypervisorException {
        return run().toString().equals(order.notes().get(GOING_OVER));
    }

    private UUID run() throws HypervisorException {
        return host.hypervisor()
                .find(command.vmId())
                .orElseThrow(() -> new HypervisorException(HypervisorException.Kind.GONE, "the VM is gone"))
                .mark()
                .run();
    }

    private boolean hasReadyJob(Plugged disk) throws HypervisorException {
        return host.hypervisor()
                .disks()
                .job(command.vmId(), disk.target())
                .filter(VmDisks.Job::isReady)
                .isPresent();
    }

    /** Of a try before this one, too. */
    private void endJob(Plugged disk) throws HypervisorException {
        if (host.hypervisor().disks().job(command.vmId(), disk.target()).isPresent()) {
            host.hypervisor().disks().endJob(command.vmId(), disk.target());
        }
    }

    private Plugged disk() throws OrderFailure, HypervisorException {
        if (!host.isOn(command.vmId())) {
            throw new HypervisorException(HypervisorException.Kind.WRONG_STATE, "the VM went off");
        }
        return host.hypervisor().disks().plugged(command.vmId()).stream()
                .filter(one -> one.file()
                        .getFileName()
                        .toString()
                        .startsWith(command.volumeId().toString()))
                .findFirst()
                .orElseThrow(() -> new OrderFailure(
                        ProblemCode.NOT_THERE,
                        "The volume is not plugged into the running VM. Restart the VM, then repeat."));
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file;
        }
    }

    private void mirror(Plugged disk, Path present) throws OrderFailure, HypervisorException, IOException {
        long size = 0;
        try (var monitor = host.hypervisor().monitor(command.vmId())) {
            for (var one : LiveDisk.of(monitor)) {
                if (!real(one.file()).equals(present)) {
                    continue;
                }
                size = one.sizeBytes();
                if (!one.snapshots().isEmpty()) {
                    throw new OrderFailure(
                            ProblemCode.WRONG_STATE,
                            "The volume has snapshots, which cannot move while the VM runs. Delete them or stop the VM, then repeat.");
                }
            }
        }
        VolumeMove.checkRoom(target, size);
        Files.deleteIfExists(target);
        Files.createFile(target);
        tool.run("create", "-q", "-f", "qcow2", target.toString(), Long.toString(size));
        host.hypervisor().disks().beginMirror(command.vmId(), disk.target(), target, command.bytesPerSecond());
    }

    private void copy(Plugged disk) throws OrderFailure, HypervisorException, InterruptedException {
        var copying = new Copying(order, "copying", 5, 95);
        while (true) {
            var job = host.hypervisor()
                    .disks()
                    .job(command.vmId(), disk.target())
                    .orElseThrow(() -> new HypervisorException(
                            HypervisorException.Kind.REFUSED, "the mirror of " + disk.target() + " ended early"));
            copying.at(System.nanoTime(), job.done(), job.total());
            if (job.isReady()) {
                return;
            }
            order.pause(LOOK);
        }
    }

    /** What the volume was copied from, and copies that came to nothing. */
    static void deleteOthers(BackupHost host, MirrorVolume command, Path present) throws IOException {
        for (var folder : host.files().pools().all().values()) {
            var ofVm = folder.resolve(command.vmId().toString());
            if (!Files.isDirectory(ofVm)) {
                continue;
            }
            try (var files = Files.newDirectoryStream(ofVm, command.volumeId() + "*.qcow2")) {
                for (var file : files) {
                    if (!Files.isSymbolicLink(file) && !Files.isSameFile(file, present)) {
                        Files.delete(file);
                    }
                }
            }
        }
    }
}
