package cloud.freehold.portal.backup;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.OperationId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How well a VM is backed up.
 *
 * @param exists false: it was deleted, its points are left
 * @param latest when its latest point was taken; null: it has none
 * @param objective how old that may be, by the strictest of its policies; null: none says
 * @param policies that apply to it, by name
 * @param nextRun when the next of them begins; null: none will
 * @param open a backup that is under way
 * @param failure what the latest backup failed of; null unless it failed
 */
public record VmHealth(
        VmId vm,
        String name,
        boolean exists,
        @Nullable Instant latest,
        @Nullable Consistency level,
        int points,
        @Nullable Duration objective,
        State state,
        List<String> policies,
        @Nullable Instant nextRun,
        @Nullable OperationId open,
        @Nullable Failure failure) {

    /** Worst first. */
    public enum State {
        LATE("warning", "late"),
        NONE("off", "no backup"),
        /** A policy covers it and has not run yet. */
        WAITING("pending", "waits for its first run"),
        /** It has points, but nothing takes new ones. */
        UNWATCHED("info", "by hand only"),
        IN_TIME("done", "in time"),
        GONE("off", "VM deleted");

        private final String chip;
        private final String label;

        State(String chip, String label) {
            this.chip = chip;
            this.label = label;
        }

        public String chip() {
            return chip;
        }

        public String label() {
            return label;
        }
    }

    public record Failure(OperationId operation, Instant at, String message) {}

    public @Nullable String levelName() {
        return level == null ? null : Levels.name(level);
    }
}
