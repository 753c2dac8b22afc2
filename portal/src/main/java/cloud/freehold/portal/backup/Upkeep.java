package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.Operation;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Proving that points can be restored, and giving back the space of those that are gone. */
public interface Upkeep {

    /** Reads all of a point again and compares it with its digests. */
    Operation verify(TenantId tenant, PointId point, @Nullable String idempotencyKey);

    /**
     * Starts a point in a throwaway VM without a way out and waits for a sign of life.
     *
     * @param check null: the guest agent answers
     */
    Operation drill(TenantId tenant, PointId point, @Nullable Check check, @Nullable String idempotencyKey);

    /** Removes from the store what no point needs, also of points that were removed and whose time to bring them back is over. */
    Operation collect(TenantId tenant, StoreId store);

    /** Newest first. */
    KeysetPage<Drill> drills(TenantId tenant, @Nullable PointId point, @Nullable DrillId after, int limit);

    Optional<byte[]> screenshot(TenantId tenant, DrillId drill);

    /** What lies in each store for the tenant. */
    List<Usage> usage(TenantId tenant);

    /** @param path of an HTTP GET that must answer 2xx or 3xx; null: a TCP connection is enough */
    record Check(int port, @Nullable String path) {}
}
