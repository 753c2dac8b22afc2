package cloud.freehold.agent;

import cloud.freehold.agent.common.Backoff;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.desired.DesiredStore;
import cloud.freehold.agent.portal.PortalException;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.DesiredState;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the portal what should be, again and again, and hands it on: to the dataplane at once, to the VMs once it is on disk. */
final class DesiredPoller {
    private static final Logger LOG = LoggerFactory.getLogger(DesiredPoller.class);
    private static final Duration WAIT = Duration.ofSeconds(25);

    /** The portal, as far as this needs it. */
    interface Portal {
        Optional<DesiredState> desired(UUID epoch, long after, Duration wait) throws PortalException;

        void renewIfDue() throws PortalException;

        /** The portal does not know this host any more. */
        void refused() throws IOException;
    }

    /** Who is told. */
    interface Consumer {
        /** Must not block: somebody waits for a rule. */
        void enforce(Desired desired);

        void persisted(Desired desired);

        void commands(List<HostCommand> commands);
    }

    private final Portal portal;
    private final DesiredStore store;
    private final Consumer consumer;
    private final Clock clock;
    private final Backoff backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(15), new Random());
    private volatile boolean open = true;
    private volatile Instant answeredAt;
    private volatile Duration clockDifference = Duration.ZERO;
    private boolean askForAll;

    DesiredPoller(Portal portal, DesiredStore store, Consumer consumer, Clock clock) {
        this.portal = portal;
        this.store = store;
        this.consumer = consumer;
        this.clock = clock;
    }

    void start() {
        Threads.start("poller", this::run);
    }

    void close() {
        open = false;
    }

    /** Null: never in this run. */
    Instant answeredAt() {
        return answeredAt;
    }

    boolean isAnswered() {
        return answeredAt != null && backoff.failures() == 0;
    }

    /** How much the portal's clock is ahead of this host's. */
    Duration clockDifference() {
        return clockDifference;
    }

    private void run() {
        while (open) {
            try {
                poll(WAIT);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    void poll(Duration wait) throws InterruptedException {
        try {
            portal.renewIfDue();
            ask(wait);
            if (backoff.failures() > 0) {
                LOG.info("The portal answers again.");
            }
            backoff.succeeded();
            answeredAt = clock.instant();
        } catch (PortalException e) {
            if (backoff.failures() == 0) {
                LOG.warn("{}; the host goes on with what it was told last.", e.getMessage());
            }
            var pause = backoff.failed();
            if (e.refused()) {
                refused();
            }
            Thread.sleep(pause.toMillis());
        } catch (IOException | RuntimeException e) {
            LOG.error("What the portal told could not be taken in.", e);
            Thread.sleep(backoff.failed().toMillis());
        }
    }

    private void refused() {
        try {
            portal.refused();
        } catch (IOException | RuntimeException e) {
            LOG.error(e.getMessage());
        }
    }

    private void ask(Duration wait) throws IOException {
        var present = store.present();
        boolean all = askForAll || present.epoch() == null;
        var told = portal.desired(all ? null : present.epoch(), all ? 0 : present.revision(), wait);
        if (told.isPresent()) {
            take(told.get());
        }
    }

    private void take(DesiredState told) throws IOException {
        var present = store.present();
        clockDifference = Duration.between(clock.instant(), told.serverTime());
        var next = present.with(told);
        askForAll = next.isEmpty();
        if (next.isEmpty()) {
            LOG.info(
                    "The change to revision {} does not fit revision {}; asking for everything.",
                    told.revision(),
                    present.revision());
            return;
        }
        boolean changed = told.full() || told.revision() != present.revision();
        if (changed) {
            consumer.enforce(next.get());
            consumer.persisted(store.save(told));
        }
        consumer.commands(told.commands());
    }
}
