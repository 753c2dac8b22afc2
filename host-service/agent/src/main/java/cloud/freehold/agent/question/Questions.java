package cloud.freehold.agent.question;

import cloud.freehold.agent.common.Backoff;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.dataplane.Inspector;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.AskedQuestion;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for questions and answers them. Bounded on purpose: two at a time, a short queue of which the oldest gives way,
 * because whoever asked longest ago has given up first.
 */
public final class Questions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Questions.class);
    private static final Duration WAIT = Duration.ofSeconds(25);
    private static final int AT_A_TIME = 2;
    private static final int QUEUED = 64;

    /** The portal, as far as this needs it. */
    public interface Portal {
        List<AskedQuestion> questions(Duration wait) throws IOException;

        /** @return false: nobody waits for it any more */
        boolean answer(UUID question, Answer answer) throws IOException;
    }

    private final Portal portal;
    private final Answering answering;
    private final Clock clock;
    private final Backoff backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(15), new Random());
    private final ThreadPoolExecutor workers = new ThreadPoolExecutor(
            AT_A_TIME,
            AT_A_TIME,
            1,
            TimeUnit.MINUTES,
            new ArrayBlockingQueue<>(QUEUED),
            Threads.named("answers"),
            new ThreadPoolExecutor.DiscardOldestPolicy());
    private volatile boolean open = true;

    /** @param present what the dataplane is told */
    public Questions(Portal portal, Inspector inspector, Supplier<Desired> present, Clock clock) {
        this.portal = portal;
        this.answering = new Answering(inspector, present, clock);
        this.clock = clock;
    }

    public void start() {
        Threads.start("questions", this::run);
    }

    private void run() {
        while (open) {
            try {
                take(WAIT);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    void take(Duration wait) throws InterruptedException {
        try {
            var asked = portal.questions(wait);
            backoff.succeeded();
            var now = clock.instant();
            asked.forEach(question -> workers.execute(() -> answer(question, now.plusMillis(question.withinMillis()))));
        } catch (IOException e) {
            // The poll for the desired state says that the portal is away.
            Thread.sleep(backoff.failed().toMillis());
        } catch (RuntimeException e) {
            LOG.error("Questions could not be taken in because of an error of the agent's own.", e);
            Thread.sleep(backoff.failed().toMillis());
        }
    }

    private void answer(AskedQuestion question, Instant by) {
        if (!clock.instant().isBefore(by)) {
            return;
        }
        try {
            portal.answer(question.id(), answering.answer(question, by));
        } catch (IOException e) {
            LOG.info("An answer did not reach the portal: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        open = false;
        workers.shutdownNow();
    }
}
