package cloud.freehold.agent.reconcile;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Lets a worker look at one thing, whoever asks and however often, and never two workers at a time. */
final class Attention {
    /** What a look answers when it need not be repeated: an event will tell. */
    static final Duration UNTIL_AN_EVENT = Duration.ZERO;

    private final Executor workers;
    private final Machines.Timer timer;
    private final Supplier<Duration> look;

    private boolean scheduled;
    private boolean again;

    /** @param look answers after how long to look again without being asked; it throws nothing */
    Attention(Executor workers, Machines.Timer timer, Supplier<Duration> look) {
        this.workers = workers;
        this.timer = timer;
        this.look = look;
    }

    /** Looks soon; also if a look is under way, since that one may have read the world before it changed. */
    void kick() {
        synchronized (this) {
            again = true;
            if (scheduled) {
                return;
            }
            scheduled = true;
        }
        workers.execute(this::work);
    }

    private void work() {
        while (isWanted()) {
            var next = look.get();
            if (!next.equals(UNTIL_AN_EVENT)) {
                timer.after(next, this::kick);
            }
        }
    }

    private synchronized boolean isWanted() {
        boolean wanted = again;
        again = false;
        scheduled = wanted;
        return wanted;
    }
}
