package cloud.freehold.portal.backup;

import cloud.freehold.api.command.CommandResult.Damage;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.NumberedPage;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.Operation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tenant's recovery points. Every look-up takes the tenant; another tenant's point is not found. */
public interface Backups {

    /** Stores that new points may go to, by name. */
    List<Store> stores(TenantId tenant);

    /** @param idempotencyKey repeating a request with the same key starts nothing anew; null for none */
    Operation backUp(TenantId tenant, NewBackup backup, @Nullable String idempotencyKey);

    /** Newest first. */
    KeysetPage<RecoveryPoint> points(TenantId tenant, PointFilter filter);

    /**
     * Newest first, for people who leaf through them.
     *
     * @param filter its limit is the rows of a page
     * @param number of the page, from 1 on; the last page when there are not so many
     */
    NumberedPage<RecoveryPoint> points(TenantId tenant, PointFilter filter, int number);

    RecoveryPoint point(TenantId tenant, PointId id);

    /** What the last verification of a point found; empty when it found nothing or there was none. */
    List<Damage> damages(TenantId tenant, PointId id);

    /**
     * @param isProtected it is neither removed by hand nor by its policy
     * @param expectedVersion null: whatever it is
     */
    void describe(TenantId tenant, PointId id, String note, boolean isProtected, @Nullable Long expectedVersion);

    /**
     * It can be brought back for a while.
     *
     * @throws cloud.freehold.portal.common.ConflictException when it is protected
     */
    void remove(TenantId tenant, PointId id, @Nullable Long expectedVersion);

    /** @throws cloud.freehold.portal.common.ConflictException when its data may be gone */
    void bringBack(TenantId tenant, PointId id, @Nullable Long expectedVersion);
}
