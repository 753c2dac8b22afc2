package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.Monitor;
import cloud.freehold.agent.moment.LiveDisk;
import cloud.freehold.agent.moment.Subject;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.HostCommand.BackupVm;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** A point of a VM that runs on meanwhile. */
final class LiveBackup {
    private static final long SCRATCH_RESERVE_BYTES = 256L << 20;

    private final BackupHost host;
    private final BackupVm command;
    private final Order order;
    private final CommandInput input;
    private final Bitmaps bitmaps;

    LiveBackup(BackupHost host, BackupVm command, Order order, CommandInput input) {
        this.host = host;
        this.command = command;
        this.order = order;
        this.input = input;
        this.bitmaps = new Bitmaps(command);
    }

    /** @return empty: it went off before the moment */
    Optional<BackupTaken> take(Domain domain)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        try (var monitor = host.hypervisor().monitor(command.vmId())) {
            order.progress(2, "preparing");
            PullJob.sweep(monitor);
            bitmaps.sweep(monitor, LiveDisk.of(monitor));
            var sources = sources(LiveDisk.of(monitor));
            try (var job = new PullJob(command.vmId(), monitor, host.scratch(), socket(), sources, bitmaps.present())) {
                job.prepare();
                var certificate = moment(monitor, job, sources);
                var volumes = read(job.export(), domain);
                job.keep();
                return Optional.of(new BackupTaken(certificate, volumes));
            }
        } catch (HypervisorException e) {
            if (new VmRun(host.hypervisor(), domain).isOver()) {
                throw wentOff();
            }
            throw e;
        }
    }

    private java.nio.file.Path socket() {
        return host.config().socketsDir().resolve(command.vmId() + ".nbd");
    }

    private List<PullJob.Source> sources(List<LiveDisk> disks) throws OrderFailure {
        var sources = new ArrayList<PullJob.Source>();
        for (var wanted : command.volumes()) {
            var disk = disks.stream()
                    .filter(one -> host.files().isVolume(one.file(), command.vmId(), wanted.volumeId()))
                    .findFirst()
                    .orElseThrow(() -> new OrderFailure(
                            ProblemCode.NOT_THERE,
                            "A volume is not plugged into the running VM. Restart the VM, or leave the volume out."));
            boolean known = wanted.base() != null
                    && wanted.checkpoint() != null
                    && disk.bitmaps().contains(wanted.checkpoint());
            sources.add(new PullJob.Source(wanted.volumeId(), disk, known ? wanted.checkpoint() : null));
        }
        return sources;
    }

    private Certificate moment(Monitor monitor, PullJob job, List<PullJob.Source> sources)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        order.progress(4, "waiting for the right moment");
        var names = new LinkedHashMap<String, String>();
        sources.forEach(
                source -> names.put(source.disk().alias(), source.volume().toString()));
        boolean runs = monitor.ask("query-status").path("running").asBoolean(false);
        var subject = new Subject(command.vmId(), monitor, names, runs);
        return host.moments()
                .take(
                        List.of(subject),
                        command.wanted(),
                        command.acceptable(),
                        Duration.ofMillis(command.freezeLimitMillis()),
                        order,
                        job::begin,
                        job::undo)
                .get(command.vmId());
    }

    private List<cloud.freehold.api.command.CommandResult.StoredVolume> read(
            Map<UUID, Exported> exported, Domain domain)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var copying = new Copying(order, "copying", 5, 99);
        StoreProcess.letIn(host.config(), socket());
        try {
            return new StoreBackup(host, command, order, input).run(exported, bitmaps.present(), progress -> {
                copying.progress(progress);
                checkRoom();
            });
        } catch (StoreProcess.Failed e) {
            if (new VmRun(host.hypervisor(), domain).isOver()) {
                throw wentOff();
            }
            throw e.forTenant();
        }
    }

    /** The faster the guest overwrites and the slower the store, the more QEMU has to set aside. */
    private void checkRoom() throws OrderFailure {
        try {
            if (host.files().freeBytes() < SCRATCH_RESERVE_BYTES) {
                throw new OrderFailure(
                        ProblemCode.HOST_CAPACITY,
                        "The host has no room left for what the guest overwrites during the backup. Repeat it at a time when the VM"
                                + " writes less, or let the provider make room.");
            }
        } catch (IOException e) {
            throw new OrderFailure(ProblemCode.INTERNAL, "The host cannot tell how much room it has.", e);
        }
    }

    private static OrderFailure wentOff() {
        return new OrderFailure(
                ProblemCode.WRONG_STATE,
                "The VM was switched off, restarted or deleted while its disks were being read. Repeat the backup.");
    }
}
