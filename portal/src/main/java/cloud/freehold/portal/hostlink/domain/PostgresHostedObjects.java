package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.hostlink.HostProgress;
import cloud.freehold.portal.hostlink.HostedObjects;
import cloud.freehold.portal.hostlink.Hosts;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

@Component
class PostgresHostedObjects implements HostedObjects {

    private final JdbcClient jdbc;
    private final Clock clock;

    PostgresHostedObjects(JdbcClient jdbc, Clock clock) {
        this.jdbc = jdbc;
        this.clock = clock;
    }

    @Override
    @Transactional(readOnly = true)
    public Map<UUID, HostProgress> progress(TenantId tenant, ObjectKind kind) {
        return read(tenant, kind, null);
    }

    @Override
    @Transactional(readOnly = true)
    public HostProgress progress(TenantId tenant, ObjectKind kind, UUID id) {
        return read(tenant, kind, id).getOrDefault(id, HostProgress.UNUSED);
    }

    private Map<UUID, HostProgress> read(TenantId tenant, ObjectKind kind, @Nullable UUID id) {
        Map<UUID, HostProgress> progress = new HashMap<>();
        jdbc.sql("""
                        select o.object_id, count(*) as hosts,
                               count(*) filter (where h.applied_revision >= o.revision) as applied,
                               count(*) filter (where h.applied_revision < o.revision
                                   and coalesce(h.last_seen_at < :silent, true)) as away,
                               max(extract(epoch from e.applied_at - e.committed_at) * 1000)::bigint as took
                        from host_object o
                        join host h on h.id = o.host_id
                        left join enforcement e on e.host_id = o.host_id and e.revision = o.revision
                        where o.tenant_id = :tenant and o.kind = :kind and not o.removed and (:all or o.object_id = :id)
                        group by o.object_id
                        """)
                .param("tenant", tenant.value())
                .param("kind", kind.name())
                .param("all", id == null)
                .param("id", id, java.sql.Types.OTHER)
                .param("silent", clock.instant().minus(Hosts.AWAY_AFTER).atOffset(ZoneOffset.UTC))
                .query(row -> {
                    Long took = row.getObject("took", Long.class);
                    progress.put(
                            row.getObject("object_id", UUID.class),
                            new HostProgress(
                                    row.getInt("hosts"),
                                    row.getInt("applied"),
                                    row.getInt("away"),
                                    took == null ? null : Duration.ofMillis(took)));
                });
        return progress;
    }
}
