package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Which VMs a policy applies to, in the current transaction of the tenant. */
@Component
public class CoveredVms {

    /** @param latest when its latest point by this policy was taken */
    public record Row(
            PolicyId policy,
            VmId vm,
            String name,
            @Nullable UUID host,
            Instant createdAt,
            @Nullable Instant latest,
            int points) {}

    private final JdbcClient jdbc;

    CoveredVms(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Of all policies when none is named; by policy and name. */
    public List<Row> of(TenantId tenant, @Nullable PolicyId policy) {
        return jdbc.sql("""
                        select p.id as policy_id, v.id, v.name, v.host_id, v.created_at, r.latest, coalesce(r.points, 0) as points
                        from backup_policy p
                        join vm v on v.tenant_id = p.tenant_id and v.deleting_since is null
                            and (p.all_vms or exists (select from backup_policy_label b join vm_label l on l.label = b.label
                                                      where b.policy_id = p.id and l.vm_id = v.id))
                        left join lateral (
                            select max(taken_at) as latest, count(*) as points from recovery_point r
                            where r.tenant_id = p.tenant_id and r.policy_id = p.id and r.vm_id = v.id
                              and r.removed_at is null) r on true
                        where p.tenant_id = :tenant and (:all or p.id = :policy) order by p.id, v.name
                        """)
                .param("tenant", tenant.value())
                .param("all", policy == null)
                .param("policy", policy == null ? null : policy.value(), java.sql.Types.OTHER)
                .query((row, number) -> {
                    OffsetDateTime latest = row.getObject("latest", OffsetDateTime.class);
                    return new Row(
                            new PolicyId(row.getObject("policy_id", UUID.class)),
                            new VmId(row.getObject("id", UUID.class)),
                            row.getString("name"),
                            row.getObject("host_id", UUID.class),
                            row.getObject("created_at", OffsetDateTime.class).toInstant(),
                            latest == null ? null : latest.toInstant(),
                            row.getInt("points"));
                })
                .list();
    }
}
