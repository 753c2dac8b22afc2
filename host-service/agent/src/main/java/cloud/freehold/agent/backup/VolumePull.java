package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.common.ChildProcess;
import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.VmDisks.Plugged;
import cloud.freehold.agent.storage.ImageTool;
import cloud.freehold.api.backup.Transfer;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.HostCommand.RestoreVolumes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies into volumes what they still read from a point: by QEMU as long as the VM runs, by qemu-img while it is off, and each goes on where the other was
 * stopped.
 */
final class VolumePull {
    private static final Logger LOG = LoggerFactory.getLogger(VolumePull.class);

    private final BackupHost host;
    private final RestoreVolumes command;
    private final Order order;

    VolumePull(BackupHost host, RestoreVolumes command, Order order) {
        this.host = host;
        this.command = command;
        this.order = order;
    }

    /** Whether the VM was deleted, and its volumes with it. */
    boolean isGone() {
        return present().isEmpty();
    }

    /** Those that were not detached and deleted meanwhile. */
    private List<VolumeRoot> present() {
        return command.volumes().stream()
                .filter(volume -> Files.exists(file(volume)))
                .toList();
    }

    boolean isComplete() throws HypervisorException, IOException {
        var domain = host.hypervisor().find(command.vmId());
        if (domain.isPresent() && !domain.get().state().isOff()) {
            return incompleteNow().isEmpty();
        }
        var use = host.diskUse().take(command.vmId(), "its volumes are being looked at", () -> {});
        if (use.isEmpty()) {
            return false;
        }
        try (var inUse = use.get()) {
            for (var volume : present()) {
                if (backing(volume).isPresent()) {
                    return false;
                }
            }
            return true;
        }
    }

    private Path file(VolumeRoot volume) {
        return host.files().volume(command.vmId(), volume.volumeId());
    }

    private Optional<String> backing(VolumeRoot volume) throws IOException {
        return new ImageTool(host.config().qemuUser()).info(file(volume)).backing();
    }

    /** Of the running VM. */
    private List<Path> incompleteNow() throws HypervisorException {
        try (var monitor = host.hypervisor().monitor(command.vmId())) {
            var incomplete = new java.util.ArrayList<Path>();
            for (var block : monitor.ask("query-block")) {
                var image = block.path("inserted").path("image");
                if (image.has("backing-image")) {
                    incomplete.add(Path.of(image.path("filename").asString("/")));
                }
            }
            return incomplete;
        }
    }

    /** Sees to it that something goes on. */
    void step() throws HypervisorException, IOException, InterruptedException {
        var domain = host.hypervisor().find(command.vmId());
        if (domain.isEmpty() || domain.get().state().isOff()) {
            whileOff();
        } else {
            whileOn(domain.get());
        }
    }

    private void whileOn(Domain domain) throws HypervisorException {
        if (domain.state() == DomainState.PAUSED_ON_ERROR) {
            // The server was away. The first request after it only lets QEMU connect again.
            host.hypervisor().resume(command.vmId());
        }
        var incomplete = incompleteNow();
        long done = 0;
        long total = 0;
        for (var disk : host.hypervisor().disks().plugged(command.vmId())) {
            if (incomplete.stream().anyMatch(file -> file.equals(disk.file()))) {
                var job = host.hypervisor().disks().job(command.vmId(), disk.target());
                if (job.isEmpty()) {
                    begin(disk);
                } else {
                    done += job.get().done();
                    total += job.get().total();
                }
            }
        }
        int percent = total == 0 ? 10 : (int) (10 + 85 * done / total);
        order.progress(percent, "the VM runs while its data arrives", new Transfer(done, total, 0));
    }

    private void begin(Plugged disk) {
        try {
            host.hypervisor().disks().beginPull(command.vmId(), disk.target(), command.bytesPerSecond());
        } catch (HypervisorException e) {
            // Another job of the disk, or it is only just being started: the next look tries again.
            LOG.info("VM {}: pulling {} waits: {}", command.vmId(), disk.target(), e.getMessage());
        }
    }

    /** Ends when the VM is to be started. */
    private void whileOff() throws IOException, InterruptedException {
        for (var volume : present()) {
            var use = host.diskUse().take(command.vmId(), "its volumes are being restored", () -> {});
            if (use.isEmpty()) {
                return;
            }
            try (var inUse = use.get()) {
                if (backing(volume).isPresent() && !isWantedOn()) {
                    rebase(volume);
                }
            }
        }
    }

    private boolean isWantedOn() {
        var desired = host.desired().get().vms().get(command.vmId());
        return desired != null && desired.power() == cloud.freehold.api.desired.PowerState.RUNNING;
    }

    /** Killed in its middle, it leaves an image that still reads what it lacks. */
    private void rebase(VolumeRoot volume) throws IOException, InterruptedException {
        order.progress(10, "copying while the VM is off");
        var process = ChildProcess.builder(ChildProcess.command(
                        Optional.of(host.config().qemuUser()),
                        true,
                        List.of(
                                "qemu-img",
                                "rebase",
                                "-q",
                                "-f",
                                "qcow2",
                                "-b",
                                "",
                                file(volume).toString())))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var over = order.whenOver(process::destroyForcibly)) {
            while (!process.waitFor(500, TimeUnit.MILLISECONDS)) {
                if (isWantedOn()) {
                    return;
                }
            }
        } finally {
            process.destroyForcibly();
            process.waitFor(5, TimeUnit.SECONDS);
        }
    }
}
