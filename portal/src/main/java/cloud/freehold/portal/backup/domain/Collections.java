package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.OperationId;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Garbage collections; asked about under the {@link StoreLock}. */
final class Collections {

    private Collections() {}

    /** The open one of the tenant in the store: no writer begins beside it, because it could not know of that. */
    static @Nullable OperationId open(JdbcClient jdbc, TenantId tenant, StoreId store) {
        return jdbc
                .sql("""
                        select id from operation where tenant_id = :tenant and target_id = :store and kind = 'GARBAGE_COLLECT'
                          and state in ('WAITING', 'QUEUED', 'RUNNING') order by id desc limit 1
                        """)
                .param("tenant", tenant.value())
                .param("store", store.value())
                .query((row, number) -> new OperationId(row.getObject("id", UUID.class)))
                .list()
                .stream()
                .findFirst()
                .orElse(null);
    }
}
