package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Where the volumes of points lie in their store, in the current transaction of the system's data source. */
@Component
class PointRoots {

    private final JdbcClient system;

    PointRoots(@SystemAccess JdbcClient system) {
        this.system = system;
    }

    /** The boot volume first; empty when there is no such point. */
    List<VolumeRoot> of(TenantId tenant, UUID point) {
        return system.sql("""
                        select volume_id, root, size_bytes from recovery_point_volume
                        where tenant_id = :tenant and point_id = :point order by device_index
                        """)
                .param("tenant", tenant.value())
                .param("point", point)
                .query((row, number) -> new VolumeRoot(
                        row.getObject("volume_id", UUID.class), row.getString("root"), row.getLong("size_bytes")))
                .list();
    }
}
