package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.moment.StoppedVm;
import cloud.freehold.agent.storage.ImageTool;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.HostCommand.BackupVm;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A point of a VM that is off, as its volumes lie. A VM that is to be started does not wait for it: the reading ends, and the point is taken of
 * the running VM.
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

    /** @return empty: the VM is being started */
    Optional<BackupTaken> take() throws OrderFailure, HypervisorException, IOException, InterruptedException {
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
                var domain = host.hypervisor().find(command.vmId());
                if (domain.filter(now -> !now.state().isOff()).isPresent()) {
                    return Optional.empty();
                }
                var certificate = StoppedVm.certificate(domain, command.wanted(), command.acceptable(), host.clock());
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
}
