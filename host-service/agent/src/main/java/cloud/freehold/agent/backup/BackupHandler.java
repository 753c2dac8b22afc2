package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.HostCommand.BackupVm;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes a recovery point: of a VM that runs by a {@link LiveBackup}, of one that is off by a {@link StoppedBackup}. */
final class BackupHandler implements CommandHandler<BackupVm> {
    private static final Logger LOG = LoggerFactory.getLogger(BackupHandler.class);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

    private final BackupHost host;

    BackupHandler(BackupHost host) {
        this.host = host;
    }

    @Override
    public Class<BackupVm> type() {
        return BackupVm.class;
    }

    @Override
    public Set<UUID> exclusive(BackupVm command) {
        return Set.of(command.vmId());
    }

    @Override
    public Outcome carryOut(BackupVm command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        sweep(command.vmId());
        try {
            return take(command, order);
        } catch (OrderFailure | HypervisorException | IOException e) {
            sweep(command.vmId());
            throw e;
        }
    }

    /** What a try has left in QEMU would go on setting aside what the guest overwrites until the disk is full. */
    private void sweep(UUID vm) {
        try {
            if (host.isOn(vm)) {
                try (var monitor = host.hypervisor().monitor(vm)) {
                    PullJob.sweep(monitor);
                }
            }
            host.scratch().delete(vm);
        } catch (HypervisorException e) {
            LOG.info("VM {}: what a backup may have left is swept up later: {}", vm, e.getMessage());
        }
    }

    private Outcome take(BackupVm command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var input = order.input();
        Optional<BackupTaken> taken = Optional.empty();
        while (taken.isEmpty()) {
            order.check();
            taken = attempt(command, order, input);
            if (taken.isEmpty()) {
                // It was switched on or off at this very moment.
                order.pause(LOOK_AGAIN);
            }
        }
        return new Outcome("the recovery point is complete", taken.get());
    }

    private Optional<BackupTaken> attempt(BackupVm command, Order order, CommandInput input)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var domain = host.hypervisor().find(command.vmId());
        if (domain.isPresent() && !domain.get().state().isOff()) {
            return new LiveBackup(host, command, order, input).take(domain.get());
        }
        if (domain.isEmpty() && !host.desired().get().vms().containsKey(command.vmId())) {
            throw new OrderFailure(ProblemCode.NOT_THERE, "The VM is not on this host any more.");
        }
        return new StoppedBackup(host, command, order, input).take();
    }
}
