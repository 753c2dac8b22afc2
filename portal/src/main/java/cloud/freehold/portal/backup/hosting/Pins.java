package cloud.freehold.portal.backup.hosting;

import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.operation.HostOrder;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Points that stay while an operation is open, in the current transaction of the system's data source. */
@Component
class Pins {

    /** Data is shared with so many points besides a volume's own; each costs the writer memory. */
    private static final int SHARED_WITH = 16;

    private final JdbcClient system;

    Pins(@SystemAccess JdbcClient system) {
        this.system = system;
    }

    /**
     * Pins the latest point of the VM and of the tenant's other VMs in the store, but for those that are known to be damaged:
     * nothing may be shared with them. Under the {@code StoreLock}.
     *
     * @return their roots, the VM's own first
     */
    List<String> pinForSharing(HostOrder order, UUID store) {
        system.sql("""
                        insert into recovery_point_pin (tenant_id, point_id, operation_id)
                        select tenant_id, id, :operation from (
                            select distinct on (vm_id) tenant_id, id, vm_id, taken_at, damages from recovery_point
                            where tenant_id = :tenant and store_id = :store and purged_at is null
                            order by vm_id, taken_at desc, id desc) latest
                        where coalesce(damages, '[]') = '[]'
                        order by vm_id = :vm desc, taken_at desc limit :most
                        on conflict do nothing
                        """)
                .param("operation", order.id().value())
                .param("tenant", order.tenant().value())
                .param("store", store)
                .param("vm", order.targetId())
                .param("most", SHARED_WITH + 1)
                .update();
        return roots(order);
    }

    /** The roots of what the operation has pinned. */
    List<String> roots(HostOrder order) {
        return system.sql("""
                        select w.root from recovery_point_pin i join recovery_point p on p.id = i.point_id
                        join recovery_point_volume w on w.point_id = p.id
                        where i.operation_id = :operation and p.tenant_id = :tenant
                        group by w.root order by min(w.device_index), bool_or(p.vm_id = :vm) desc, w.root
                        """)
                .param("operation", order.id().value())
                .param("tenant", order.tenant().value())
                .param("vm", order.targetId())
                .query((row, number) -> row.getString("root"))
                .list();
    }
}
