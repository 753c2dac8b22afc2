package cloud.freehold.agent.command;

import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.Transfer;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.HostCommand;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An order between its arrival and its end.
 *
 * <p>Theory of operation: the handler only says how far it is; a timer of {@link Commands} takes it to the portal ({@link #beat}) and
 * learns in the answer that the order was cancelled. So a handler that waits for something long is stopped, too, and a portal that does
 * not answer holds up no handler.
 */
final class RunningOrder implements Order {
    private static final Logger LOG = LoggerFactory.getLogger(RunningOrder.class);
    /** Also how long a cancellation takes to arrive, at the most. */
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(3);

    private static final int MOST_PERCENT = 99;
    private static final int INPUT_TRIES = 10;
    private static final Duration INPUT_PAUSE = Duration.ofSeconds(3);

    private final HostCommand command;
    private final CommandPortal portal;
    private final CommandJournal journal;
    private final Clock clock;
    private final List<Runnable> stops = new ArrayList<>();
    private final Map<String, String> notes = new LinkedHashMap<>();
    private final boolean repeated;
    private Instant begun;
    private CommandProgress latest;
    private CommandProgress sent;
    private Instant sentAt = Instant.EPOCH;
    private OrderFailure over;
    /** Null while it runs. */
    private CommandProgress end;

    RunningOrder(HostCommand command, CommandPortal portal, CommandJournal journal, Clock clock) {
        this(command, portal, journal, clock, null);
    }

    /** @param earlier how far an agent came that died; null: it was not begun yet */
    RunningOrder(
            HostCommand command,
            CommandPortal portal,
            CommandJournal journal,
            Clock clock,
            CommandJournal.Entry earlier) {
        this.command = command;
        this.portal = portal;
        this.journal = journal;
        this.clock = clock;
        this.repeated = earlier != null;
        if (earlier != null) {
            begun = earlier.begun();
            end = earlier.end();
            if (earlier.notes() != null) {
                notes.putAll(earlier.notes());
            }
        }
        this.latest = running(0, "waits for other orders", null);
    }

    HostCommand command() {
        return command;
    }

    @Override
    public UUID id() {
        return command.id();
    }

    @Override
    public boolean repeated() {
        return repeated;
    }

    @Override
    public Duration left() {
        return Duration.between(clock.instant(), command.deadline());
    }

    private CommandProgress running(int percent, String step, Transfer transfer) {
        return new CommandProgress(Status.RUNNING, percent, step, null, clock.instant(), transfer, null);
    }

    @Override
    public synchronized void progress(int percent, String step, Transfer transfer) {
        int now = Math.min(MOST_PERCENT, Math.max(percent, latest.percent()));
        latest = running(now, step, transfer);
    }

    @Override
    public synchronized void check() throws OrderFailure {
        if (over == null && left().isNegative()) {
            throw late();
        }
        if (over != null) {
            throw over;
        }
    }

    private static OrderFailure late() {
        return new OrderFailure(
                ProblemCode.TIMED_OUT,
                "It was not done before its deadline and was stopped. Look what it waited for, then order it again.");
    }

    @Override
    public synchronized void pause(Duration pause) throws OrderFailure, InterruptedException {
        long end = System.nanoTime() + pause.toNanos();
        while (over == null) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                break;
            }
            wait(left);
        }
        check();
    }

    @Override
    public Registration whenOver(Runnable stop) {
        boolean already;
        synchronized (this) {
            already = over != null;
            if (!already) {
                stops.add(stop);
            }
        }
        if (already) {
            stop.run();
        }
        return () -> {
            synchronized (this) {
                stops.remove(stop);
            }
        };
    }

    /** Stops it; the first reason counts. */
    void over(OrderFailure reason) {
        List<Runnable> all;
        synchronized (this) {
            if (over != null || end != null) {
                return;
            }
            over = reason;
            all = List.copyOf(stops);
            stops.clear();
            notifyAll();
        }
        all.forEach(Runnable::run);
    }

    synchronized OrderFailure over() {
        return over;
    }

    @Override
    public CommandInput input() throws OrderFailure, IOException, InterruptedException {
        for (int failures = 0; ; failures++) {
            check();
            try {
                var input = portal.input(command.id());
                if (input.isEmpty()) {
                    over(cancelled());
                    check();
                }
                return input.orElseThrow();
            } catch (IOException e) {
                if (failures == INPUT_TRIES) {
                    throw e;
                }
                pause(INPUT_PAUSE);
            }
        }
    }

    private static OrderFailure cancelled() {
        return new OrderFailure(ProblemCode.CANCELLED, "The order was cancelled.");
    }

    @Override
    public void output(InputStream bytes) throws IOException {
        portal.output(command.id(), bytes, left());
    }

    @Override
    public synchronized Map<String, String> notes() {
        return Map.copyOf(notes);
    }

    @Override
    public synchronized void note(String name, String value) throws IOException {
        if (value == null) {
            notes.remove(name);
        } else {
            notes.put(name, value);
        }
        write(false);
    }

    private void write(boolean told) throws IOException {
        journal.write(new CommandJournal.Entry(command, begun, Map.copyOf(notes), end, told));
    }

    /**
     * Writes down that it is begun. Whether a repeated one that is not wanted any more is stopped is its handler's business: it may be where it
     * can only go forward.
     *
     * @throws OrderFailure it is not wanted any more
     */
    void begin() throws IOException, OrderFailure {
        synchronized (this) {
            if (!repeated) {
                check();
            }
            begun = clock.instant();
            write(false);
            latest = running(1, "begun", null);
        }
        send(latest());
        if (!repeated) {
            check();
        }
    }

    private synchronized CommandProgress latest() {
        return latest;
    }

    /** What is to be said, if anything; ends it when it is late. */
    void beat() {
        if (left().isNegative()) {
            over(late());
        }
        CommandProgress news;
        synchronized (this) {
            boolean due = latest != sent || sentAt.plus(SIGN_OF_LIFE).isBefore(clock.instant());
            if (end != null || !due) {
                return;
            }
            news = latest;
        }
        send(news);
    }

    private void send(CommandProgress news) {
        if (!tell(news)) {
            over(cancelled());
        }
        synchronized (this) {
            sent = news;
            sentAt = clock.instant();
        }
    }

    private boolean tell(CommandProgress news) {
        try {
            return portal.progress(command.id(), news);
        } catch (IOException e) {
            LOG.info("Progress of order {} did not reach the portal: {}", command.id(), e.getMessage());
            return true;
        }
    }

    void done(CommandHandler.Outcome outcome) {
        end(new CommandProgress(Status.DONE, 100, outcome.step(), null, clock.instant(), null, outcome.result()));
    }

    void failed(Problem problem) {
        end(new CommandProgress(Status.FAILED, 100, "failed", problem, clock.instant()));
    }

    private synchronized void end(CommandProgress news) {
        end = news;
        if (begun == null) {
            begun = clock.instant();
        }
        try {
            write(false);
        } catch (IOException e) {
            LOG.error("The end of order {} cannot be written: {}", command.id(), e.getMessage());
        }
    }

    /**
     * Says how it ended.
     *
     * @return whether that has arrived; it is to be said again until it has, also by the next agent
     */
    boolean tellEnd() {
        CommandProgress news;
        synchronized (this) {
            news = end;
        }
        try {
            portal.progress(command.id(), news);
        } catch (IOException e) {
            LOG.info("The end of order {} did not reach the portal: {}", command.id(), e.getMessage());
            return false;
        }
        try {
            synchronized (this) {
                write(true);
            }
        } catch (IOException e) {
            LOG.warn("That the portal knows the end of order {} cannot be written: {}", command.id(), e.getMessage());
        }
        return true;
    }

    synchronized boolean hasEnded() {
        return end != null;
    }
}
