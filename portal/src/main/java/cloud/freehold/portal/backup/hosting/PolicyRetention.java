package cloud.freehold.portal.backup.hosting;

import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.Retention;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import java.time.ZoneId;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** What a policy keeps, in the current transaction of the system's data source. */
@Component
class PolicyRetention {

    record Row(String name, Retention retention, ZoneId zone) {}

    private final JdbcClient system;

    PolicyRetention(@SystemAccess JdbcClient system) {
        this.system = system;
    }

    Optional<Row> find(TenantId tenant, PolicyId policy) {
        return system.sql("""
                        select p.*, t.time_zone from backup_policy p join tenant t on t.id = p.tenant_id
                        where p.tenant_id = :tenant and p.id = :id
                        """)
                .param("tenant", tenant.value())
                .param("id", policy.value())
                .query((row, number) -> new Row(
                        row.getString("name"),
                        new Retention(
                                row.getInt("keep_last"),
                                row.getInt("keep_hourly"),
                                row.getInt("keep_daily"),
                                row.getInt("keep_weekly"),
                                row.getInt("keep_monthly"),
                                row.getInt("keep_yearly")),
                        ZoneId.of(row.getString("time_zone"))))
                .optional();
    }
}
