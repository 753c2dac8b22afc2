package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.storage.ImageTool;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.HostCommand.BackupVm;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A point of a VM that is off, as its volumes lie. Nothing is in flight, and QEMU flushed when it ended, so it counts as a barrier when the guest
 * had shut itself down, and as a crash when the plug was pulled. A VM that is to be started does not wait for it: the reading ends, and the
 * point is taken of the running VM.
 */
final class StoppedBackup {
    private final BackupHost host;
    private final BackupVm command;
    private final Order order;
    private final CommandInput input;

    StoppedBackup(BackupHost host, BackupVm command, Order order, CommandInput input) {
        this.host = host;
        this.command = command;
        this.order = order;
        this.input = input;
    }

    /**
     * @param domain null: there is none yet
     * @return empty: the VM is being started
     */
    Optional<BackupTaken> take(Domain domain)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var wanted = new AtomicBoolean();
        try (var servers = new NbdServers(host.config(), command.id())) {
            var use = host.diskUse().take(command.vmId(), "its volumes are being read for a backup", () -> {
                wanted.set(true);
                servers.kill();
            });
            if (use.isEmpty()) {
                return Optional.empty();
            }
            try (var inUse = use.get()) {
                if (host.isOn(command.vmId())) {
                    return Optional.empty();
                }
                var certificate = certificate(domain);
                var copying = new Copying(order, "copying", 5, 99);
                var volumes = new StoreBackup(host, command, order, input).run(serve(servers), null, copying);
                return wanted.get() ? Optional.empty() : Optional.of(new BackupTaken(certificate, volumes));
            } catch (StoreProcess.Failed | IOException e) {
                if (wanted.get()) {
                    return Optional.empty();
                }
                if (e instanceof StoreProcess.Failed failed) {
                    throw failed.forTenant();
                }
                throw (IOException) e;
            }
        }
    }

    private Map<UUID, Exported> serve(NbdServers servers) throws OrderFailure, IOException, InterruptedException {
        var exported = new LinkedHashMap<UUID, Exported>();
        for (var source : command.volumes()) {
            var file = host.files().volume(command.vmId(), source.volumeId());
            if (!Files.exists(file)) {
                throw new OrderFailure(
                        ProblemCode.NOT_THERE, "A volume of the VM is not there yet. Wait until the VM is complete.");
            }
            var image = new ImageTool(host.config().qemuUser()).info(file);
            boolean known = source.base() != null
                    && source.checkpoint() != null
                    && image.bitmaps().contains(source.checkpoint());
            exported.put(source.volumeId(), servers.read(file, image.sizeBytes(), known ? source.checkpoint() : null));
        }
        return exported;
    }

    private Certificate certificate(Domain domain) throws OrderFailure {
        boolean orderly = domain == null || domain.state() == DomainState.OFF_BY_GUEST;
        var achieved = orderly ? Consistency.BARRIER : Consistency.CRASH;
        var reason = orderly
                ? "The VM was off: its guest had shut down, and nothing was under way."
                : "The VM was off, and not by a shutdown of its guest: its volumes are as after a power failure.";
        if (achieved.compareTo(command.acceptable()) < 0) {
            throw new OrderFailure(
                    ProblemCode.CONSISTENCY_NOT_REACHED,
                    reason
                            + " Nothing less than the level wanted was acceptable: start the VM, or accept a weaker level, then"
                            + " repeat.");
        }
        return new Certificate(
                achieved,
                host.clock().instant(),
                null,
                0,
                0,
                List.of(),
                null,
                null,
                achieved.compareTo(command.wanted()) < 0 ? reason : null);
    }
}
