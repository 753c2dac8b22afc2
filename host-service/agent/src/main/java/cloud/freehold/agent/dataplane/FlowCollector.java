package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.common.Backoff;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.api.observed.FlowBatch;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes flow records from the dataplane to the portal, over a connection of its own.
 *
 * <p>Nothing is kept here: the dataplane holds a record until it is told that the portal has stored it, in a bounded file that
 * outlives both processes. So each arrives at least once, whoever dies, and while the portal is away it is the dataplane that
 * counts what it has no room for.
 */
public final class FlowCollector {
    private static final Logger LOG = LoggerFactory.getLogger(FlowCollector.class);
    private static final Duration PERIOD = Duration.ofSeconds(1);

    /** Where they go. */
    public interface Portal {
        /** Returns when the batch is stored. */
        void deliver(FlowBatch batch) throws IOException;
    }

    private final InsideLink.Opener opener;
    private final Portal portal;
    private final Backoff backoff = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(30), new Random());
    private InsideLink link;
    private long epoch;
    private long stored;

    FlowCollector(InsideLink.Opener opener, Portal portal) {
        this.opener = opener;
        this.portal = portal;
    }

    void start() {
        Threads.start("flow-records", this::run);
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(moveSafely().toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** @return how long to wait before the next round */
    private Duration moveSafely() {
        try {
            move();
            backoff.succeeded();
            return PERIOD;
        } catch (DataplaneException e) {
            // The thread that commits reports it; here the next round starts over.
            close();
            return PERIOD;
        } catch (IOException e) {
            if (backoff.failures() == 0) {
                LOG.warn("The portal does not take flow records, so the dataplane keeps them: {}", e.getMessage());
            }
            return backoff.failed();
        } catch (RuntimeException e) {
            LOG.error("Flow records could not be taken to the portal because of an error of the agent's own.", e);
            close();
            return backoff.failed();
        }
    }

    /** Moves all that are there. */
    void move() throws DataplaneException, IOException {
        if (link == null) {
            link = opener.open();
        }
        while (true) {
            FlowBatch batch = link.flows(epoch, stored);
            if (batch.records().isEmpty()) {
                return;
            }
            portal.deliver(batch);
            epoch = batch.epoch();
            stored = batch.records().get(batch.records().size() - 1).sequence();
        }
    }

    void close() {
        if (link != null) {
            link.close();
            link = null;
        }
    }
}
