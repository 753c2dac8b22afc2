package cloud.freehold.agent.moment;

import cloud.freehold.api.backup.Certificate;
import java.time.Duration;

/**
 * Whether a disk is at a write barrier, judged by counters that are read again and again.
 *
 * <p>A FLUSH covers the writes that had completed when it was submitted, not all that had when it completed. Its submission is known to lie no
 * further back than the reading before the one that shows its completion, less the time that flushes took in between; when nothing was in flight
 * at the reading before, it lies after that one. So a disk is at a barrier when a FLUSH shows up, no write did since that reading, and the last
 * write had completed before that submission. What cannot be told apart counts as a write after the FLUSH: the judgement errs to one side only.
 */
final class FlushWatch {
    /** Longer than any sequence of requests that belong together takes between two of them. */
    static final Duration REST = Duration.ofSeconds(1);

    private static final long UNKNOWN = -1;
    private static final long LONG_AGO = Duration.ofDays(1).toNanos();

    private DiskCount last;
    private long lastAt;
    private boolean nothingWasInFlight;
    /** The earliest reading at which the present number of writes was seen. */
    private long quietFrom;

    private long writesSinceFlush = UNKNOWN;

    /**
     * @param at when it was read, in nanoseconds that the guest ran for: while it is stopped it does not rest
     * @param nothingInFlight the guest was stopped and all its requests had completed
     * @return whether a write or a FLUSH completed since the reading before
     */
    boolean see(long at, DiskCount now, boolean nothingInFlight) {
        boolean moved = last == null || now.writes() != last.writes() || now.flushes() != last.flushes();
        if (last == null) {
            quietFrom = at - (now.idleNanos() < 0 ? LONG_AGO : now.idleNanos());
            writesSinceFlush = now.writes() == 0 ? 0 : UNKNOWN;
        } else {
            compare(at, now);
        }
        last = now;
        lastAt = at;
        nothingWasInFlight = nothingInFlight;
        return moved;
    }

    private void compare(long at, DiskCount now) {
        long written = now.writes() - last.writes();
        if (written != 0) {
            quietFrom = at;
            writesSinceFlush = writesSinceFlush == UNKNOWN ? UNKNOWN : writesSinceFlush + written;
        } else if (now.flushes() != last.flushes() && wasSubmittedAfterTheLastWrite(now)) {
            writesSinceFlush = 0;
        }
    }

    private boolean wasSubmittedAfterTheLastWrite(DiskCount now) {
        return nothingWasInFlight || quietFrom <= lastAt - (now.flushNanos() - last.flushNanos());
    }

    /** At a barrier, or at rest for so long that nothing is under way. */
    boolean isAligned() {
        return writesSinceFlush == 0 || isAtRest();
    }

    private boolean isAtRest() {
        return lastAt - quietFrom >= REST.toNanos();
    }

    Certificate.Disk certificate(String device, DiskCount after) {
        return new Certificate.Disk(
                device,
                last.flushes(),
                writesSinceFlush,
                after.writes() - last.writes(),
                Duration.ofNanos(lastAt - quietFrom).toMillis());
    }
}
