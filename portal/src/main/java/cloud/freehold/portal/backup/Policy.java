package cloud.freehold.portal.backup;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * @param storeName where its points go
 * @param vms that it applies to now
 * @param nextRuns at most five; empty while it is paused
 * @param lastRun when it last began backups; null: not yet
 */
public record Policy(
        PolicyId id,
        PolicySettings settings,
        String storeName,
        List<Covered> vms,
        List<Instant> nextRuns,
        @Nullable Instant lastRun,
        long version) {

    /** @param latest when the latest point that it took of the VM was taken; null: none yet */
    public record Covered(
            cloud.freehold.portal.compute.VmId vm,
            String name,
            @Nullable Instant latest,
            int points,
            boolean late) {}

    public long late() {
        return vms.stream().filter(Covered::late).count();
    }
}
