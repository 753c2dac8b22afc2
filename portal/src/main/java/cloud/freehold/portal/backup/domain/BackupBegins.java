package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.NextStep;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationKind;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** A backup that waited for something begins only when no garbage is being collected either. */
@Component
class BackupBegins implements NextStep {

    private final JdbcClient jdbc;

    BackupBegins(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    @Override
    public OperationKind kind() {
        return OperationKind.BACKUP;
    }

    @Override
    public boolean begin(TenantId tenant, Operation operation) {
        StoreId store = new StoreId(
                jdbc.sql("select arguments ->> 'storeId' from operation where tenant_id = :tenant and id = :id")
                        .param("tenant", tenant.value())
                        .param("id", operation.id().value())
                        .query((row, number) -> UUID.fromString(row.getString(1)))
                        .single());
        StoreLock.take(jdbc, tenant, store);
        return Collections.open(jdbc, tenant, store) == null;
    }
}
