package cloud.freehold.agent.dataplane;

import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.api.query.ConnectionName;
import cloud.freehold.api.query.DescribedPacket;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.LiveConnection;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/** A connection over which one looks inside a dataplane; for one thread. */
interface InsideLink extends AutoCloseable {

    /** Makes connections. */
    interface Opener {
        InsideLink open() throws DataplaneException;
    }

    /** @param next where to go on; 0: this was the last page */
    record Page(List<LiveConnection> connections, long next) {}

    /**
     * @param cursor 0 to begin
     * @throws DataplaneException.Refused the dataplane has no such NIC
     */
    Page connections(UUID nic, long cursor) throws DataplaneException;

    /** @return how many were there: 0 or 1 */
    int end(UUID nic, ConnectionName which) throws DataplaneException;

    /** @return how many there were */
    int endAll(UUID nic) throws DataplaneException;

    /** @throws IllegalArgumentException the packet's addresses are none, or of two families */
    Finding.Verdict test(UUID nic, DescribedPacket packet) throws DataplaneException;

    /** How many live connections these changes would cut; nothing is changed. */
    long cuts(List<Change> changes, Duration deadline) throws DataplaneException;

    /** @param next where to go on later */
    record Drops(List<DropEvent> events, long next) {}

    /**
     * Drop events since the cursor, oldest first; none: there is nothing new.
     *
     * @param cursor 0: from the oldest that is kept
     */
    Drops drops(long cursor) throws DataplaneException;

    /**
     * The oldest flow records that the dataplane keeps; none: there is nothing new.
     *
     * @param epoch with {@code taken}: all up to this one are safe, and forgotten; 0: none is
     */
    FlowBatch flows(long epoch, long taken) throws DataplaneException;

    @Override
    void close();
}
