package cloud.freehold.portal.audit.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.RequestId;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** Appends through {@code audit_append}, the only way to write the trail that the roles have. */
@Component
class PostgresAuditTrail implements AuditTrail {

    private static final String APPEND = """
            select audit_append(:tenant, :id, :at, :actorKind, :actorId, :actorName, :action, :targetKind, :targetId,
                                :targetName, :before::jsonb, :after::jsonb, :requestId, :sourceIp::inet)
            """;

    private final JdbcClient portal;
    private final JdbcClient system;
    private final JsonMapper json;
    private final Uuid7 ids;
    private final Clock clock;
    private final ActorSource actors;

    PostgresAuditTrail(
            JdbcClient portal,
            @SystemAccess JdbcClient system,
            JsonMapper json,
            Uuid7 ids,
            Clock clock,
            ActorSource actors) {
        this.portal = portal;
        this.system = system;
        this.json = json;
        this.ids = ids;
        this.clock = clock;
        this.actors = actors;
    }

    @Override
    @Transactional(propagation = Propagation.MANDATORY)
    public void record(TenantId tenant, AuditEntry entry) {
        append(portal, tenant, actors.current(), entry);
    }

    @Override
    @Transactional(propagation = Propagation.MANDATORY)
    public void record(TenantId tenant, Actor actor, AuditEntry entry) {
        append(portal, tenant, actor, entry);
    }

    @Override
    public void recordAsSystem(TenantId tenant, Actor actor, AuditEntry entry) {
        append(system, tenant, actor, entry);
    }

    private void append(JdbcClient client, TenantId tenant, Actor actor, AuditEntry entry) {
        client.sql(APPEND)
                .param("tenant", tenant.value())
                .param("id", ids.next())
                .param("at", OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
                .param("actorKind", actor.kind().name())
                .param("actorId", actor.id())
                .param("actorName", actor.name())
                .param("action", entry.action())
                .param("targetKind", entry.targetKind())
                .param("targetId", entry.targetId())
                .param("targetName", entry.targetName())
                .param("before", toJson(entry.before()))
                .param("after", toJson(entry.after()))
                .param("requestId", RequestId.current().map(RequestId::value).orElse(null))
                .param("sourceIp", actor.sourceIp())
                .query(Long.class)
                .single();
    }

    private @Nullable String toJson(@Nullable Object state) {
        return state == null ? null : json.writeValueAsString(state);
    }
}
