package cloud.freehold.portal.audit.domain;

import cloud.freehold.portal.audit.ProviderAudit;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

@Component
class PostgresProviderAudit implements ProviderAudit {

    private final JdbcClient system;
    private final JsonMapper json;
    private final Uuid7 ids;
    private final Clock clock;

    PostgresProviderAudit(@SystemAccess JdbcClient system, JsonMapper json, Uuid7 ids, Clock clock) {
        this.system = system;
        this.json = json;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    public void record(String action, String targetKind, String targetName, Object detail, @Nullable String sourceIp) {
        system.sql("""
                        insert into provider_audit_event (id, at, action, target_kind, target_name, detail, source_ip)
                        values (:id, :at, :action, :targetKind, :targetName, :detail::jsonb, :sourceIp::inet)
                        """)
                .param("id", ids.next())
                .param("at", OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
                .param("action", action)
                .param("targetKind", targetKind)
                .param("targetName", targetName)
                .param("detail", json.writeValueAsString(detail))
                .param("sourceIp", sourceIp)
                .update();
    }
}
