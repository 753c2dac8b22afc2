package cloud.freehold.agent.command;

import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.HostCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All orders of this host: takes them in, lets their handlers run, and says their ends until the portal knows them. */
public final class Commands implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Commands.class);
    private static final Duration KEEP = Duration.ofDays(7);
    private static final Duration BEAT = Duration.ofSeconds(1);
    private static final Duration STOP = Duration.ofSeconds(5);

    /** What a tenant reads of libvirt's refusals. */
    public interface HypervisorProblems {
        Problem of(HypervisorException e);
    }

    private final Map<Class<?>, CommandHandler<?>> handlers = new HashMap<>();
    private final CommandPortal portal;
    private final HypervisorProblems hypervisorProblems;
    private final Clock clock;
    private final CommandJournal journal;
    private final ExecutorService workers = Threads.pool("order");
    private final ScheduledExecutorService timer = Threads.timer("order-beat");
    private final Lanes lanes;
    private final Map<UUID, RunningOrder> running = new ConcurrentHashMap<>();
    /** Ended, and the portal does not know. */
    private final Map<UUID, RunningOrder> untold = new ConcurrentHashMap<>();

    private final Map<UUID, Boolean> beating = new ConcurrentHashMap<>();
    private volatile boolean closing;

    /** @param most orders that run side by side; those that need nothing for themselves are not counted */
    public Commands(
            List<CommandHandler<?>> handlers,
            CommandPortal portal,
            HypervisorProblems hypervisorProblems,
            Path stateDir,
            int most,
            Clock clock)
            throws IOException {
        handlers.forEach(handler -> this.handlers.put(handler.type(), handler));
        this.portal = portal;
        this.hypervisorProblems = hypervisorProblems;
        this.clock = clock;
        this.journal = new CommandJournal(stateDir.resolve("commands"));
        this.lanes = new Lanes(most, workers);
        timer.scheduleWithFixedDelay(this::beat, BEAT.toMillis(), BEAT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * What was begun before the agent's last death: what may be repeated is, the rest ends as interrupted. To be called before anything is done about
     * VMs.
     */
    public void recover() throws IOException {
        journal.prune(clock.instant().minus(KEEP));
        for (var entry : journal.untold()) {
            untold.put(entry.command().id(), new RunningOrder(entry.command(), portal, journal, clock, entry));
        }
        for (var entry : journal.interrupted()) {
            var order = new RunningOrder(entry.command(), portal, journal, clock, entry);
            var handler = handlers.get(entry.command().getClass());
            if (running.putIfAbsent(order.id(), order) == null) {
                if (handler != null && handler.repeats()) {
                    reserve(handler, order);
                    submit(handler, order);
                } else {
                    workers.execute(() -> finish(order, () -> order.failed(interrupted())));
                }
            }
        }
    }

    private static <C extends HostCommand> void reserve(CommandHandler<C> handler, RunningOrder order) {
        handler.reserve(handler.type().cast(order.command()), order.notes());
    }

    /** The portal repeats an order until it knows the end; it is carried out once all the same. */
    public void told(List<HostCommand> commands) {
        for (var command : commands == null ? List.<HostCommand>of() : commands) {
            if (!running.containsKey(command.id()) && !untold.containsKey(command.id())) {
                take(command);
            }
        }
    }

    private void take(HostCommand command) {
        var known = journal.find(command.id());
        boolean hasEnded = known.isPresent() && known.get().end() != null;
        var order = new RunningOrder(command, portal, journal, clock, hasEnded ? known.get() : null);
        if (running.putIfAbsent(command.id(), order) != null) {
            return;
        }
        var handler = handlers.get(command.getClass());
        if (hasEnded) {
            workers.execute(() -> finish(order, () -> {}));
        } else if (handler == null) {
            workers.execute(
                    () -> finish(
                            order,
                            () -> order.failed(
                                    problem(
                                            ProblemCode.INTERNAL,
                                            "This host does not know the order; its host service is too old. The provider has to update it."))));
        } else {
            submit(handler, order);
        }
    }

    private <C extends HostCommand> void submit(CommandHandler<C> handler, RunningOrder order) {
        var command = handler.type().cast(order.command());
        lanes.submit(handler.exclusive(command), () -> finish(order, () -> carryOut(handler, command, order)));
    }

    private void finish(RunningOrder order, Runnable last) {
        try {
            last.run();
            if (order.hasEnded()) {
                untold.put(order.id(), order);
                tellEnd(order);
            }
        } finally {
            running.remove(order.id());
        }
    }

    /** Once the deadline is over, the portal has ended it by itself. */
    private void tellEnd(RunningOrder order) {
        if (order.tellEnd() || order.left().isNegative()) {
            untold.remove(order.id());
        }
    }

    private <C extends HostCommand> void carryOut(CommandHandler<C> handler, C command, RunningOrder order) {
        if (closing) {
            return;
        }
        CommandHandler.Outcome outcome;
        try {
            outcome = carriedOut(handler, command, order);
        } catch (OrderFailure | HypervisorException | IOException | InterruptedException | RuntimeException e) {
            if (closing && handler.repeats()) {
                LOG.info("Order {} is carried out again when the agent is back.", order.id());
            } else {
                order.failed(problem(order, e));
            }
            return;
        }
        order.done(outcome);
    }

    private static <C extends HostCommand> CommandHandler.Outcome carriedOut(
            CommandHandler<C> handler, C command, RunningOrder order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        try {
            order.begin();
            return handler.carryOut(command, order);
        } finally {
            handler.release(command);
        }
    }

    private Problem problem(RunningOrder order, Exception e) {
        if (order.over() != null) {
            return problem(order.over().code(), order.over().getMessage());
        }
        if (e instanceof OrderFailure failure) {
            LOG.info("Order {}: {}", order.id(), e.getMessage(), e.getCause());
            return problem(failure.code(), failure.getMessage());
        }
        if (e instanceof HypervisorException refusal) {
            LOG.warn("Order {}: {}", order.id(), e.getMessage());
            return hypervisorProblems.of(refusal);
        }
        if (e instanceof InterruptedException) {
            Thread.currentThread().interrupt();
            return interrupted();
        }
        LOG.error("Order {} failed by an error of the host's own.", order.id(), e);
        return problem(
                ProblemCode.INTERNAL,
                "The host has a problem of its own with this order. The provider finds the reason in the host's log.");
    }

    private Problem interrupted() {
        return problem(
                ProblemCode.INTERRUPTED,
                "The host service was restarted in the middle. Look at the VM, then repeat if needed.");
    }

    private Problem problem(ProblemCode code, String message) {
        return new Problem(code, message, clock.instant());
    }

    /** Each order's word in a thread of its own: a portal that is slow with one holds up none of the others. */
    private void beat() {
        running.values().forEach(order -> beside(order, order::beat));
        untold.values().forEach(order -> beside(order, () -> tellEnd(order)));
    }

    private void beside(RunningOrder order, Runnable word) {
        if (beating.putIfAbsent(order.id(), true) == null) {
            workers.execute(() -> {
                try {
                    word.run();
                } finally {
                    beating.remove(order.id());
                }
            });
        }
    }

    /** Stops what runs; what may be repeated is taken up again by the next agent. */
    @Override
    public void close() {
        closing = true;
        timer.shutdownNow();
        var reason = new OrderFailure(
                ProblemCode.INTERRUPTED, "The host service was stopped in the middle. Repeat the order if needed.");
        running.values().forEach(order -> order.over(reason));
        workers.shutdown();
        try {
            if (!workers.awaitTermination(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("Orders {} did not stop within {}.", running.keySet(), STOP);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
