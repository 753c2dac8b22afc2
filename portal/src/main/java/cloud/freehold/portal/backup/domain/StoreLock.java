package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.common.TenantId;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What concerns one tenant in one store goes one after another; see the module's description. */
public final class StoreLock {

    private StoreLock() {}

    /** Until the transaction ends; of whichever data source the client is. Taken before rows are locked. */
    public static void take(JdbcClient jdbc, TenantId tenant, StoreId store) {
        jdbc.sql("select pg_advisory_xact_lock(hashtextextended(:what, 0))")
                .param("what", "backup:" + tenant + ":" + store)
                .query((row, number) -> number)
                .list();
    }
}
