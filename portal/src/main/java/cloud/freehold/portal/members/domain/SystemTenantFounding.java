package cloud.freehold.portal.members.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.members.TenantFounding;
import cloud.freehold.portal.tenancy.Role;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

@Component
class SystemTenantFounding implements TenantFounding {

    /** What a new tenant may use until the provider changes it. */
    private static final Map<String, Long> USUAL_QUOTAS = Map.of(
            "VMS", 20L,
            "VCPUS", 40L,
            "MEMORY_MIB", 65_536L,
            "VOLUME_GIB", 500L,
            "SECURITY_GROUPS", 100L,
            "RULES_PER_GROUP", 1_000L,
            "ADDRESS_GROUPS", 100L,
            "CONNECTIONS_PER_NIC", 100_000L,
            "PUBLIC_ADDRESSES", 10L);

    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final AuditTrail trail;
    private final ActorSource actors;
    private final Uuid7 ids;
    private final Clock clock;

    SystemTenantFounding(
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate transaction,
            AuditTrail trail,
            ActorSource actors,
            Uuid7 ids,
            Clock clock) {
        this.system = system;
        this.transaction = transaction;
        this.trail = trail;
        this.actors = actors;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    public TenantId provide(String slug, String name) {
        transaction.executeWithoutResult(status -> createIfAbsent(slug, name));
        return system.sql("select id from tenant where slug = :slug")
                .param("slug", slug)
                .query((row, number) -> new TenantId(row.getObject("id", UUID.class)))
                .single();
    }

    private void createIfAbsent(String slug, String name) {
        TenantId id = new TenantId(ids.next());
        int created = system.sql("""
                        insert into tenant (id, slug, name, created_at) values (:id, :slug, :name, :now)
                        on conflict (slug) do nothing
                        """)
                .param("id", id.value())
                .param("slug", slug)
                .param("name", name)
                .param("now", now())
                .update();
        if (created == 0) {
            return;
        }
        USUAL_QUOTAS.forEach((resource, limit) -> system.sql(
                        "insert into quota (tenant_id, resource, limit_value) values (:tenant, :resource, :limit)")
                .param("tenant", id.value())
                .param("resource", resource)
                .param("limit", limit)
                .update());
        trail.recordAsSystem(
                id,
                actors.current(),
                AuditEntry.of("tenant.founded", "tenant", id.value(), name).after(Map.of("slug", slug)));
    }

    @Override
    public void provideMember(TenantId tenant, UserId user, String email, Role role) {
        transaction.executeWithoutResult(status -> {
            int added = system.sql("""
                            insert into member (tenant_id, account_id, role, created_at)
                            values (:tenant, :user, :role, :now) on conflict do nothing
                            """)
                    .param("tenant", tenant.value())
                    .param("user", user.value())
                    .param("role", role.name())
                    .param("now", now())
                    .update();
            if (added > 0) {
                AuditEntry entry = AuditEntry.of("member.added", "member", user.value(), email);
                trail.recordAsSystem(tenant, actors.current(), entry.after(Map.of("role", role)));
            }
        });
    }

    private OffsetDateTime now() {
        return OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
    }
}
