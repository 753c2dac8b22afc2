package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.PowerState;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Restarts a guest: asks it, waits for its grace period, then resets it. */
final class Reboot {
    private final Machines machines;
    private final Host host;
    private final HostCommand.RebootVm command;
    private final Consumer<CommandProgress> progress;

    Reboot(Machines machines, HostCommand.RebootVm command, Consumer<CommandProgress> progress) {
        this.machines = machines;
        this.host = machines.host();
        this.command = command;
        this.progress = progress;
    }

    CommandProgress carryOut() throws HypervisorException, InterruptedException {
        var vm = command.vmId();
        var domain = host.hypervisor().find(vm);
        if (domain.isEmpty() || domain.get().state().isOff()) {
            return startInstead(vm);
        }
        if (domain.get().state() != DomainState.RUNNING && !command.force()) {
            return failed("The VM is paused or on its way down; wait, or force the reboot.");
        }
        if (!command.force() && rebootsWhenAsked(vm)) {
            return done("the guest restarted");
        }
        host.hypervisor().reset(vm);
        return done(command.force() ? "reset" : "reset, because the guest did not restart when asked");
    }

    /** A VM that its guest switched off comes back by this. */
    private CommandProgress startInstead(UUID vm) {
        var desired = host.desired().get().vms().get(vm);
        if (desired == null || desired.power() != PowerState.RUNNING) {
            return failed("The VM is off; start it instead.");
        }
        try {
            host.power().leftOff(vm, desired.revision() - 1);
        } catch (IOException e) {
            return failed("The VM is off and could not be started: the host cannot write its state.");
        }
        machines.machine(vm).kick();
        return done("the VM was off and is started");
    }

    private boolean rebootsWhenAsked(UUID vm) throws HypervisorException, InterruptedException {
        var restarted = new CountDownLatch(1);
        machines.watchReboot(vm, restarted::countDown);
        try {
            progress.accept(new CommandProgress(
                    Status.RUNNING, 30, "asking the guest", null, host.clock().instant()));
            try {
                host.hypervisor().reboot(vm, true);
            } catch (HypervisorException e) {
                if (e.kind() == HypervisorException.Kind.UNAVAILABLE) {
                    throw e;
                }
                host.hypervisor().reboot(vm, false);
            }
            return restarted.await(patience().toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            machines.watchReboot(vm, null);
        }
    }

    private Duration patience() {
        var left = Duration.between(host.clock().instant(), command.deadline()).minusSeconds(5);
        var grace = host.config().shutdownGrace();
        return left.compareTo(grace) < 0 ? left : grace;
    }

    private CommandProgress done(String step) {
        return new CommandProgress(Status.DONE, 100, step, null, host.clock().instant());
    }

    private CommandProgress failed(String message) {
        var now = host.clock().instant();
        return new CommandProgress(
                Status.FAILED, 100, "failed", new Problem(ProblemCode.WRONG_STATE, message, now), now);
    }
}
