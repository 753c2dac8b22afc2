package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.HostCommand;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One-off orders. Each runs in a thread of its own, beside the VM's reconciler, so that pulling the plug never waits for
 * something that hangs.
 */
public final class Commands {
    private static final Logger LOG = LoggerFactory.getLogger(Commands.class);
    private static final Duration KEEP = Duration.ofDays(7);

    /** Takes progress to the portal. */
    public interface Portal {
        /** @return false: the command was cancelled */
        boolean progress(UUID command, CommandProgress progress) throws IOException;
    }

    private final Machines machines;
    private final Host host;
    private final Portal portal;
    private final CommandJournal journal;
    private final ExecutorService workers = Threads.pool("command");
    private final Map<UUID, Boolean> running = new ConcurrentHashMap<>();

    public Commands(Machines machines, Portal portal) throws IOException {
        this.machines = machines;
        this.host = machines.host();
        this.portal = portal;
        this.journal = new CommandJournal(host.config().stateDir().resolve("commands"));
    }

    /** What was begun before the agent's last death: what may be repeated is, the rest ends as interrupted. */
    public void recover() throws IOException {
        journal.prune(host.clock().instant().minus(KEEP));
        for (var command : journal.interrupted()) {
            if (command instanceof HostCommand.ForceOffVm) {
                begin(command);
            } else {
                workers.execute(
                        () -> end(
                                command,
                                host.clock().instant(),
                                failed(
                                        ProblemCode.INTERRUPTED,
                                        "The host service was restarted in the middle. Look at the VM, then repeat if needed.")));
            }
        }
    }

    /** The portal repeats a command until it knows the end; it is carried out once all the same. */
    public void told(List<HostCommand> commands) {
        for (var command : commands == null ? List.<HostCommand>of() : commands) {
            var known = journal.find(command.id());
            if (known.isEmpty()) {
                begin(command);
            } else if (known.get().end() != null && running.putIfAbsent(command.id(), true) == null) {
                workers.execute(() -> {
                    tell(command.id(), known.get().end());
                    running.remove(command.id());
                });
            }
        }
    }

    private void begin(HostCommand command) {
        if (running.putIfAbsent(command.id(), true) == null) {
            workers.execute(() -> {
                try {
                    carryOut(command);
                } finally {
                    running.remove(command.id());
                }
            });
        }
    }

    private void carryOut(HostCommand command) {
        var now = host.clock().instant();
        try {
            journal.begin(command, now);
        } catch (IOException e) {
            LOG.error(
                    "Command {} is not begun, because the journal cannot be written: {}", command.id(), e.getMessage());
            return;
        }
        CommandProgress end;
        if (now.isAfter(command.deadline())) {
            end = failed(
                    ProblemCode.TIMED_OUT, "The order reached the host after its deadline and was not carried out.");
        } else if (!tell(command.id(), progress(10, "begun"))) {
            end = failed(ProblemCode.CANCELLED, "The order was cancelled before it began.");
        } else {
            end = attempt(command);
        }
        end(command, now, end);
    }

    private CommandProgress attempt(HostCommand command) {
        try {
            if (command instanceof HostCommand.RebootVm reboot) {
                return new Reboot(machines, reboot, step -> tell(reboot.id(), step)).carryOut();
            } else if (command instanceof HostCommand.ForceOffVm off) {
                return forceOff(off);
            }
            return failed(ProblemCode.INTERNAL, "This host does not know the order; its host service is too old.");
        } catch (HypervisorException e) {
            LOG.warn("Command {}: {}", command.id(), e.getMessage());
            return new CommandProgress(
                    Status.FAILED,
                    100,
                    "failed",
                    HypervisorProblems.of(e, host.clock().instant()),
                    host.clock().instant());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return failed(ProblemCode.INTERRUPTED, "The host service is being stopped. Repeat the order.");
        } catch (RuntimeException e) {
            LOG.error("Command {} failed by an error of the agent's own.", command.id(), e);
            return failed(ProblemCode.INTERNAL, "The host has a problem of its own with this order.");
        }
    }

    private CommandProgress forceOff(HostCommand.ForceOffVm command) throws HypervisorException {
        try {
            host.hypervisor().destroy(command.vmId());
        } catch (HypervisorException e) {
            if (e.kind() != HypervisorException.Kind.GONE && e.kind() != HypervisorException.Kind.WRONG_STATE) {
                throw e;
            }
        }
        machines.machine(command.vmId()).kick();
        return new CommandProgress(Status.DONE, 100, "off", null, host.clock().instant());
    }

    private CommandProgress progress(int percent, String step) {
        return new CommandProgress(
                Status.RUNNING, percent, step, null, host.clock().instant());
    }

    private CommandProgress failed(ProblemCode code, String message) {
        var now = host.clock().instant();
        return new CommandProgress(Status.FAILED, 100, "failed", new Problem(code, message, now), now);
    }

    private void end(HostCommand command, Instant begun, CommandProgress end) {
        try {
            journal.end(command, begun, end);
        } catch (IOException e) {
            LOG.error("The end of command {} cannot be written: {}", command.id(), e.getMessage());
        }
        tell(command.id(), end);
    }

    /** Once: when it does not arrive, the portal repeats the command and is told the end then. */
    private boolean tell(UUID command, CommandProgress progress) {
        try {
            return portal.progress(command, progress);
        } catch (IOException e) {
            LOG.info("Progress of command {} did not reach the portal: {}", command, e.getMessage());
            return true;
        }
    }
}
