package cloud.freehold.portal.backup;

import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.OperationId;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * @param takenAt the moment that its point shows
 * @param passed the VM came up from the point and showed the sign of life that was looked for
 * @param recovery from the order to the sign of life: the measured recovery time; null when it was not reached
 * @param objective what it may take; null: nobody said
 * @param finding what was looked for and found, a sentence
 */
public record Drill(
        DrillId id,
        OperationId operation,
        PointId point,
        VmId vm,
        String vmName,
        Instant takenAt,
        Instant finishedAt,
        boolean passed,
        @Nullable Duration recovery,
        @Nullable Duration boot,
        @Nullable Duration objective,
        String finding,
        boolean hasScreenshot) {

    public boolean isTooSlow() {
        return passed && recovery != null && objective != null && recovery.compareTo(objective) > 0;
    }

    /** Its chip. */
    public String chip() {
        return !passed ? "failed" : isTooSlow() ? "warning" : "done";
    }

    public String verdict() {
        return !passed ? "failed" : isTooSlow() ? "passed, too slow" : "passed";
    }
}
