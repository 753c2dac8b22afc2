package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.common.TenantId;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The latest point that a policy has of each VM, in the current transaction of the tenant. */
@Component
public class LatestPoints {

    private final JdbcClient jdbc;
    private final PointReader points;

    LatestPoints(JdbcClient jdbc, PointReader points) {
        this.jdbc = jdbc;
        this.points = points;
    }

    /** Of VMs that are there. */
    public List<RecoveryPoint> of(TenantId tenant, PolicyId policy) {
        return jdbc
                .sql("""
                        select distinct on (p.vm_id) p.id from recovery_point p
                        join vm v on v.id = p.vm_id and v.tenant_id = p.tenant_id and v.deleting_since is null
                        where p.tenant_id = :tenant and p.policy_id = :policy and p.removed_at is null
                        order by p.vm_id, p.taken_at desc
                        """)
                .param("tenant", tenant.value())
                .param("policy", policy.value())
                .query(UUID.class)
                .list()
                .stream()
                .map(id -> points.point(tenant, new PointId(id)))
                .toList();
    }
}
