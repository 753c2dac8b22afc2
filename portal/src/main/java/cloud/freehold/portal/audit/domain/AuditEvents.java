package cloud.freehold.portal.audit.domain;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.tenancy.TenantScope;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Reads a tenant's trail and checks its chain. */
@Service
@Transactional(readOnly = true)
public class AuditEvents {

    private static final int FETCH_SIZE = 500;

    private final JdbcClient jdbc;

    AuditEvents(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * @param events how many there are
     * @param firstBroken the number of the first event that does not fit the chain; null when all do
     */
    public record Verification(long events, @Nullable Long firstBroken) {

        public boolean intact() {
            return firstBroken == null;
        }
    }

    /** The latest first. */
    public KeysetPage<AuditEvent> page(TenantScope scope, AuditFilter filter, int limit) {
        Query query = query(scope, filter);
        List<AuditEvent> rows = jdbc.sql(query.sql() + " order by sequence desc limit :limit")
                .params(query.params())
                .param("limit", limit + 1)
                .query(AuditEvents::read)
                .list();
        return KeysetPage.of(rows, limit, event -> Long.toString(event.sequence()));
    }

    /** All that the filter finds, in order, without holding it in memory. */
    public void forEach(TenantScope scope, AuditFilter filter, Consumer<AuditEvent> action) {
        Query query = query(scope, filter);
        try (Stream<AuditEvent> events = jdbc
                .sql(query.sql() + " order by sequence")
                .params(query.params())
                .withFetchSize(FETCH_SIZE)
                .query(AuditEvents::read)
                .stream()) {
            events.forEach(action);
        }
    }

    /** Recomputes every hash in the database and compares the end of the chain with its recorded head. */
    public Verification verify(TenantScope scope) {
        return jdbc.sql("""
                        with chain as (
                            select e.sequence, e.hash = audit_event_hash(e) as own,
                                   e.previous_hash = lag(e.hash, 1, sha256(convert_to(e.tenant_id::text, 'UTF8')))
                                       over (order by e.sequence) as joined,
                                   e.sequence = row_number() over (order by e.sequence) as counted
                              from audit_event e where e.tenant_id = :tenant),
                        head as (
                            select c.sequence, coalesce(e.hash = c.hash, false) as same
                              from audit_chain c
                              left join audit_event e on e.tenant_id = c.tenant_id and e.sequence = c.sequence
                             where c.tenant_id = :tenant)
                        select count(*) as events,
                               least(min(sequence) filter (where not (own and joined and counted)),
                                     (select sequence from head where not same),
                                     (select h.sequence + 1 from head h
                                       where h.sequence < (select max(sequence) from chain))) as broken
                          from chain
                        """)
                .param("tenant", scope.tenantId().value())
                .query((row, number) -> new Verification(row.getLong("events"), row.getObject("broken", Long.class)))
                .single();
    }

    private record Query(String sql, Map<String, Object> params) {}

    private static Query query(TenantScope scope, AuditFilter filter) {
        List<String> conditions = new ArrayList<>(List.of("tenant_id = :tenant"));
        Map<String, Object> params =
                new HashMap<>(Map.of("tenant", scope.tenantId().value()));
        addText(conditions, params, "actor", "position(lower(:actor) in lower(actor_name)) > 0", filter.actor());
        addText(conditions, params, "action", "starts_with(action, :action)", filter.action());
        addText(
                conditions,
                params,
                "target",
                "(position(lower(:target) in lower(target_name)) > 0 or target_id::text = lower(:target))",
                filter.target());
        LocalDate from = filter.from();
        if (from != null) {
            conditions.add("at >= :from");
            params.put("from", startOfDay(scope, from));
        }
        LocalDate to = filter.to();
        if (to != null) {
            conditions.add("at < :to");
            params.put("to", startOfDay(scope, to.plusDays(1)));
        }
        Long before = filter.before();
        if (before != null) {
            conditions.add("sequence < :beforeSequence");
            params.put("beforeSequence", before);
        }
        return new Query(
                "select sequence, id, at, actor_kind, actor_name, action, target_kind, target_id, target_name, before,"
                        + " after, request_id, host(source_ip) as source_ip, encode(hash, 'hex') as hash"
                        + " from audit_event where " + String.join(" and ", conditions),
                params);
    }

    private static void addText(
            List<String> conditions,
            Map<String, Object> params,
            String name,
            String condition,
            @Nullable String value) {
        if (value != null && !value.isBlank()) {
            conditions.add(condition);
            params.put(name, value.strip());
        }
    }

    private static OffsetDateTime startOfDay(TenantScope scope, LocalDate day) {
        return day.atStartOfDay(scope.zone()).toOffsetDateTime().withOffsetSameInstant(ZoneOffset.UTC);
    }

    private static AuditEvent read(ResultSet row, int number) throws SQLException {
        return new AuditEvent(
                row.getLong("sequence"),
                row.getObject("id", UUID.class),
                row.getObject("at", OffsetDateTime.class).toInstant(),
                Actor.Kind.valueOf(row.getString("actor_kind")),
                row.getString("actor_name"),
                row.getString("action"),
                row.getString("target_kind"),
                row.getObject("target_id", UUID.class),
                row.getString("target_name"),
                row.getString("before"),
                row.getString("after"),
                row.getObject("request_id", UUID.class),
                row.getString("source_ip"),
                row.getString("hash"));
    }
}
