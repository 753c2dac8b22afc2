package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.OperationId;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Keeps a point's data while an operation reads it. Under the {@link StoreLock}. */
final class PointPins {

    private PointPins() {}

    static void pin(JdbcClient jdbc, TenantId tenant, PointId point, OperationId operation) {
        jdbc.sql("""
                        insert into recovery_point_pin (tenant_id, point_id, operation_id)
                        values (:tenant, :point, :operation) on conflict do nothing
                        """)
                .param("tenant", tenant.value())
                .param("point", point.value())
                .param("operation", operation.value())
                .update();
    }
}
