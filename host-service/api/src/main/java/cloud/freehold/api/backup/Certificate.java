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
 * @param tries how many times the guest was paused until a barrier was found; 0 when none was looked for
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
     * Counted by QEMU: requests of the guest, when they completed.
     *
     * @param flushes FLUSH requests when the point was taken
     * @param writesSinceFlush writes since the last FLUSH, at the most; −1: not known, as no FLUSH showed up alone
     * @param writesDuring writes between the readings on both sides of the transaction; 0 proves that none slipped in
     * @param quietMillis how long no write had been seen before the point; at level BARRIER either writesSinceFlush is 0, or the disk was at
     *     rest for a second and more, nothing was in flight, and QEMU itself flushed it
     */
    public record Disk(String device, long flushes, long writesSinceFlush, long writesDuring, long quietMillis) {}
}
