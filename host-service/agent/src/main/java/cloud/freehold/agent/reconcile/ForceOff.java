package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.command.HostCommand;
import java.util.Set;
import java.util.UUID;

/** Pulls the plug: at once, beside the VM's reconciler and its other orders, so that it never waits for something that hangs. */
final class ForceOff implements CommandHandler<HostCommand.ForceOffVm> {
    private final Machines machines;

    ForceOff(Machines machines) {
        this.machines = machines;
    }

    @Override
    public Class<HostCommand.ForceOffVm> type() {
        return HostCommand.ForceOffVm.class;
    }

    @Override
    public Set<UUID> exclusive(HostCommand.ForceOffVm command) {
        return Set.of();
    }

    @Override
    public Outcome carryOut(HostCommand.ForceOffVm command, Order order) throws HypervisorException {
        try {
            machines.host().hypervisor().destroy(command.vmId());
        } catch (HypervisorException e) {
            if (e.kind() != HypervisorException.Kind.GONE && e.kind() != HypervisorException.Kind.WRONG_STATE) {
                throw e;
            }
        }
        machines.machine(command.vmId()).kick();
        return new Outcome("off", null);
    }
}
