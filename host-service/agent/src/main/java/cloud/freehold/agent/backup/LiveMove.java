package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.VmDisks.Plugged;
import cloud.freehold.agent.storage.ImageTool;
import cloud.freehold.agent.storage.Pools;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.HostCommand.MirrorVolume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Moves a volume of a running VM. */
final class LiveMove {
    private static final Duration LOOK = Duration.ofMillis(500);

    private final BackupHost host;
    private final ImageTool tool;
    private final MirrorVolume command;
    private final Order order;

    LiveMove(BackupHost host, ImageTool tool, MirrorVolume command, Order order) {
        this.host = host;
        this.tool = tool;
        this.command = command;
        this.order = order;
    }

    void move(Path volume, Path present, Path target)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var disk = disk();
        if (isAlreadyThere(disk, target)) {
            // An agent before this one died after QEMU had gone over.
            Pools.link(volume, target);
            deleteOthers(target);
            return;
        }
        if (present.getParent().equals(target.getParent()) && !present.equals(target)) {
            return;
        }
        endJob(disk);
        Pools.link(volume, disk.file());
        mirror(disk, target);
        try {
            copy(disk);
            Pools.link(volume, target);
            host.hypervisor().disks().pivot(command.vmId(), disk.target());
        } catch (OrderFailure | HypervisorException | IOException | InterruptedException e) {
            if (!isAlreadyThere(disk(), target)) {
                Pools.link(volume, disk.file());
                endJob(disk);
                Files.deleteIfExists(target);
            }
            throw e;
        }
        Files.deleteIfExists(disk.file());
    }

    /** Of a try before this one, too. */
    private void endJob(Plugged disk) throws HypervisorException {
        if (host.hypervisor().disks().job(command.vmId(), disk.target()).isPresent()) {
            host.hypervisor().disks().endJob(command.vmId(), disk.target());
        }
    }

    private static boolean isAlreadyThere(Plugged disk, Path target) {
        return disk.file().equals(target);
    }

    private Plugged disk() throws OrderFailure, HypervisorException {
        return host.hypervisor().disks().plugged(command.vmId()).stream()
                .filter(one -> one.file()
                        .getFileName()
                        .toString()
                        .startsWith(command.volumeId().toString()))
                .map(one -> new Plugged(one.target(), one.alias(), real(one.file())))
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

    private void mirror(Plugged disk, Path target) throws OrderFailure, HypervisorException, IOException {
        long size = 0;
        try (var monitor = host.hypervisor().monitor(command.vmId())) {
            for (var block : monitor.ask("query-block")) {
                var image = block.path("inserted").path("image");
                if (!real(Path.of(image.path("filename").asString("/"))).equals(disk.file())) {
                    continue;
                }
                size = image.path("virtual-size").asLong();
                if (!image.path("snapshots").isEmpty()) {
                    throw new OrderFailure(
                            ProblemCode.WRONG_STATE,
                            "The volume has snapshots, which cannot move while the VM runs. Delete them or stop the VM, then repeat.");
                }
            }
        }
        MirrorHandler.checkRoom(target, size);
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
                    .orElseThrow(() -> new OrderFailure(
                            ProblemCode.INTERNAL,
                            "The copy ended early; the VM runs on with the volume where it was. The provider finds the reason in"
                                    + " the host's log."));
            copying.at(System.nanoTime(), job.done(), job.total());
            if (job.isReady()) {
                return;
            }
            order.pause(LOOK);
        }
    }

    private void deleteOthers(Path target) throws IOException {
        for (var folder : host.files().pools().all().values()) {
            var ofVm = folder.resolve(command.vmId().toString());
            if (!Files.isDirectory(ofVm)) {
                continue;
            }
            try (var files = Files.newDirectoryStream(ofVm, command.volumeId() + "*.qcow2")) {
                for (var file : files) {
                    if (!file.equals(target) && !Files.isSymbolicLink(file)) {
                        Files.delete(file);
                    }
                }
            }
        }
    }
}
