package cloud.freehold.api.backup;

import java.time.Instant;
import java.util.List;

/**
 * How consistent a recovery point is, and how that is known.
 *
 * @param achieved the level that was reached
 * @param at the point in time, by the host's clock
 * @param freezeMillis from the freeze to the thaw; null without one
 * @param longestPauseMillis how long the guest's CPUs or writes were held at the most
 * @param tries how many times the barrier was looked for; 0 when it was not
 * @param disks counters of each disk on both sides of the transaction
 * @param qemu version
 * @param guestAgent version, null when none answered
 * @param reason why not the wanted level, a sentence; null when it was reached
 */
public record Certificate(
        Consistency achieved,
        Instant at,
        Long freezeMillis,
        long longestPauseMillis,
        int tries,
        List<Disk> disks,
        String qemu,
        String guestAgent,
        String reason) {

    /**
     * @param flushes completed FLUSH requests when the point was taken
     * @param writesSinceFlush write requests completed since the last completed FLUSH; 0 at level BARRIER
     * @param writesDuring write requests that completed between the two readings; 0 proves that none slipped in
     */
    public record Disk(String device, long flushes, long writesSinceFlush, long writesDuring) {}
}
