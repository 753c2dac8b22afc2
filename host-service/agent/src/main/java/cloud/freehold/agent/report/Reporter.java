package cloud.freehold.agent.report;

import cloud.freehold.agent.common.Backoff;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.api.observed.HostFacts;
import cloud.freehold.api.observed.HostReport;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends reports from a thread of its own: what somebody waits for at once, counters every two seconds, a sign of life
 * every ten, everything once a minute and whenever the portal was away.
 */
public final class Reporter implements Observations.Listener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reporter.class);
    private static final Duration COUNTERS = Duration.ofSeconds(2);
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(10);
    private static final Duration COMPLETE = Duration.ofSeconds(60);

    /** Takes reports to the portal. */
    public interface Portal {
        void report(HostReport report) throws IOException;
    }

    private final Portal portal;
    private final Supplier<HostFacts> facts;
    private final Consumer<HostReport> onAccepted;
    private final Clock clock;
    private final UUID boot = UUID.randomUUID();
    private final Backoff backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(10), new Random());
    private Observations observations;
    private boolean pressing;
    private boolean news;
    private boolean open = true;

    private long sequence;
    private HostFacts knownFacts;
    private boolean completeIsDue = true;
    private long completeAt;
    private long sentAt;

    /** @param onAccepted told what the portal knows now */
    public Reporter(Portal portal, Supplier<HostFacts> facts, Consumer<HostReport> onAccepted, Clock clock) {
        this.portal = portal;
        this.facts = facts;
        this.onAccepted = onAccepted;
        this.clock = clock;
    }

    public void start(Observations source) {
        observations = source;
        sentAt = System.nanoTime();
        Threads.start("reporter", this::run);
    }

    @Override
    public synchronized void changed(boolean somebodyWaits) {
        news = true;
        if (somebodyWaits) {
            pressing = true;
            notifyAll();
        }
    }

    @Override
    public synchronized void close() {
        open = false;
        notifyAll();
    }

    private void run() {
        try {
            while (awaitReason()) {
                sendSafely();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** @return false: closed */
    private synchronized boolean awaitReason() throws InterruptedException {
        while (open && !pressing) {
            long due = dueInMillis(System.nanoTime());
            if (due <= 0) {
                break;
            }
            wait(due);
        }
        pressing = false;
        news = false;
        return open;
    }

    private long dueInMillis(long now) {
        var next = news ? COUNTERS : SIGN_OF_LIFE;
        long due = (sentAt + next.toNanos() - now) / 1_000_000;
        return sequence == 0 || completeIsDue ? Math.min(due, COUNTERS.toMillis() - (now - sentAt) / 1_000_000) : due;
    }

    private void sendSafely() throws InterruptedException {
        HostReport report = null;
        try {
            report = next();
            portal.report(report);
            accepted(report);
        } catch (IOException e) {
            observations.lost(report);
            completeIsDue = true;
            changed(true);
            if (backoff.failures() == 0) {
                LOG.warn("The portal does not take reports: {}", e.getMessage());
            }
            Thread.sleep(backoff.failed().toMillis());
        } catch (RuntimeException e) {
            LOG.error("A report could not be made because of an error of the agent's own.", e);
            Thread.sleep(backoff.failed().toMillis());
        }
        sentAt = System.nanoTime();
    }

    private HostReport next() {
        long now = System.nanoTime();
        boolean everything = completeIsDue || now - completeAt > COMPLETE.toNanos();
        var present = facts.get();
        var what = observations.next(everything);
        boolean tellFacts = what.complete() || !Objects.equals(present, knownFacts);
        return new HostReport(
                boot,
                ++sequence,
                clock.instant(),
                what.complete(),
                what.appliedEpoch(),
                what.appliedRevision(),
                what.appliedAt(),
                tellFacts ? present : null,
                what.vms(),
                what.nics(),
                what.ruleHits(),
                what.drops());
    }

    private void accepted(HostReport report) {
        backoff.succeeded();
        if (report.facts() != null) {
            knownFacts = report.facts();
        }
        if (report.complete()) {
            completeIsDue = false;
            completeAt = System.nanoTime();
        }
        onAccepted.accept(report);
    }
}
