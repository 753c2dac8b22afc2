package cloud.freehold.portal.database;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import org.jspecify.annotations.Nullable;

/**
 * For whom the current thread works: what row-level security is told at the start of each transaction. Nothing set
 * means that a transaction sees no tenant's data at all.
 */
public record Acting(@Nullable TenantId tenant, @Nullable UserId user) {

    private static final Acting NOBODY = new Acting(null, null);
    private static final ThreadLocal<Acting> CURRENT = ThreadLocal.withInitial(() -> NOBODY);

    public static Acting current() {
        return CURRENT.get();
    }

    /** Applies to transactions that begin from now on, on this thread, until the returned scope is closed. */
    public static Scope begin(Acting acting) {
        Acting before = CURRENT.get();
        CURRENT.set(acting);
        return () -> CURRENT.set(before);
    }

    public static Scope begin(TenantId tenant) {
        return begin(new Acting(tenant, null));
    }

    /** Ends an acting and restores the one before. */
    @FunctionalInterface
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }
}
