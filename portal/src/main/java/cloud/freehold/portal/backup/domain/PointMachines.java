package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.common.TenantId;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** What VMs were when their points were taken. */
@Component
class PointMachines {

    private final JdbcClient jdbc;
    private final JsonMapper json;

    PointMachines(JdbcClient jdbc, JsonMapper json) {
        this.jdbc = jdbc;
        this.json = json;
    }

    MachineRecord of(TenantId tenant, PointId point) {
        return jdbc.sql("select machine from recovery_point where tenant_id = :tenant and id = :id")
                .param("tenant", tenant.value())
                .param("id", point.value())
                .query((row, number) -> json.readValue(row.getString("machine"), MachineRecord.class))
                .optional()
                .orElseThrow(PointReader::notFound);
    }
}
