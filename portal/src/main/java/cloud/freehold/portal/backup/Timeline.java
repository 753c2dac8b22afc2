package cloud.freehold.portal.backup;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.OperationId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happened to each VM's backups between two moments, and what comes next. */
public record Timeline(Instant from, Instant until, List<Row> rows) {

    /** @param next the next scheduled run within the timeline; null: none */
    public record Row(
            VmId vm,
            String name,
            boolean exists,
            List<Mark> marks,
            @Nullable Instant next) {}

    /**
     * One point, or a backup that failed.
     *
     * @param point null: it failed
     * @param operation which made it or failed
     */
    public record Mark(
            Instant at,
            @Nullable PointId point,
            OperationId operation,
            @Nullable Consistency level,
            boolean isProtected,
            boolean damaged,
            String text) {}
}
