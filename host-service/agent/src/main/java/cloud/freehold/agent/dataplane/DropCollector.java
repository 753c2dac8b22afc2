package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.common.Threads;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads drop events before the dataplane's ring overwrites them, over a connection of its own.
 *
 * <p>A new connection may be one to another run of the dataplane, whose events count anew: it begins with the oldest and
 * passes over what was read before, by time. What was dropped before the agent started may have been told by the run
 * before, so it is left out, too.
 */
final class DropCollector {
    private static final Logger LOG = LoggerFactory.getLogger(DropCollector.class);
    private static final long PERIOD_MS = 500;
    /** In one round; a worker of the dataplane records far fewer in the time of one. */
    private static final int MOST_A_ROUND = 4_096;

    private final InsideLink.Opener opener;
    private final Consumer<List<DropEvent>> consumer;
    private Instant readUntil;
    private InsideLink link;
    private long cursor;

    DropCollector(InsideLink.Opener opener, Consumer<List<DropEvent>> consumer, Clock clock) {
        this.opener = opener;
        this.consumer = consumer;
        this.readUntil = clock.instant();
    }

    void start() {
        Threads.timer("drop-events")
                .scheduleWithFixedDelay(this::readSafely, PERIOD_MS, PERIOD_MS, TimeUnit.MILLISECONDS);
    }

    private void readSafely() {
        try {
            read();
        } catch (DataplaneException e) {
            // The thread that commits reports it; here the next round starts over.
            close();
        } catch (RuntimeException e) {
            LOG.error("Drop events could not be read because of an error of the agent's own.", e);
            close();
        }
    }

    void read() throws DataplaneException {
        boolean fresh = link == null;
        if (fresh) {
            link = opener.open();
            cursor = 0;
        }
        var seen = new ArrayList<DropEvent>();
        List<DropEvent> events;
        do {
            var drops = link.drops(cursor);
            cursor = drops.next();
            events = drops.events();
            seen.addAll(
                    fresh
                            ? events.stream()
                                    .filter(event -> event.at().isAfter(readUntil))
                                    .toList()
                            : events);
        } while (!events.isEmpty() && seen.size() < MOST_A_ROUND);
        if (!seen.isEmpty()) {
            readUntil = seen.get(seen.size() - 1).at();
            consumer.accept(seen);
        }
    }

    void close() {
        if (link != null) {
            link.close();
            link = null;
        }
    }
}
