package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.HostCommand.RebootVm;
import cloud.freehold.api.desired.PowerState;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Restarts a guest: asks it, waits for its grace period, then resets it. */
final class Reboot implements CommandHandler<RebootVm> {
    private final Machines machines;
    private final Host host;

    Reboot(Machines machines) {
        this.machines = machines;
        this.host = machines.host();
    }

    @Override
    public Class<RebootVm> type() {
        return RebootVm.class;
    }

    /** Beside a backup, too: QEMU keeps the point in time over a reset. */
    @Override
    public Set<UUID> exclusive(RebootVm command) {
        return Set.of();
    }

    @Override
    public boolean repeats() {
        return false;
    }

    @Override
    public Outcome carryOut(RebootVm command, Order order)
            throws OrderFailure, HypervisorException, InterruptedException {
        var vm = command.vmId();
        var domain = host.hypervisor().find(vm);
        if (domain.isEmpty() || domain.get().state().isOff()) {
            return startInstead(vm);
        }
        if (domain.get().state() != DomainState.RUNNING && !command.force()) {
            throw wrong("The VM is paused or on its way down; wait, or force the reboot.");
        }
        if (!command.force() && rebootsWhenAsked(vm, order)) {
            return new Outcome("the guest restarted", null);
        }
        order.check();
        host.hypervisor().reset(vm);
        return new Outcome(command.force() ? "reset" : "reset, because the guest did not restart when asked", null);
    }

    /** A VM that its guest switched off comes back by this. */
    private Outcome startInstead(UUID vm) throws OrderFailure {
        var desired = host.desired().get().vms().get(vm);
        if (desired == null || desired.power() != PowerState.RUNNING) {
            throw wrong("The VM is off; start it instead.");
        }
        try {
            host.power().leftOff(vm, desired.revision() - 1);
        } catch (IOException e) {
            throw new OrderFailure(
                    ProblemCode.WRONG_STATE,
                    "The VM is off and could not be started: the host cannot write its state.",
                    e);
        }
        machines.machine(vm).kick();
        return new Outcome("the VM was off and is started", null);
    }

    private boolean rebootsWhenAsked(UUID vm, Order order) throws HypervisorException, InterruptedException {
        var restarted = new CountDownLatch(1);
        var stopped = new CountDownLatch(1);
        machines.watchReboot(vm, () -> {
            restarted.countDown();
            stopped.countDown();
        });
        try (var over = order.whenOver(stopped::countDown)) {
            order.progress(30, "asking the guest");
            try {
                host.hypervisor().reboot(vm, true);
            } catch (HypervisorException e) {
                if (e.kind() == HypervisorException.Kind.UNAVAILABLE) {
                    throw e;
                }
                host.hypervisor().reboot(vm, false);
            }
            stopped.await(patience(order).toMillis(), TimeUnit.MILLISECONDS);
            return restarted.getCount() == 0;
        } finally {
            machines.watchReboot(vm, null);
        }
    }

    private Duration patience(Order order) {
        var left = order.left().minusSeconds(5);
        var grace = host.config().shutdownGrace();
        return left.compareTo(grace) < 0 ? left : grace;
    }

    private static OrderFailure wrong(String message) {
        return new OrderFailure(ProblemCode.WRONG_STATE, message);
    }
}
