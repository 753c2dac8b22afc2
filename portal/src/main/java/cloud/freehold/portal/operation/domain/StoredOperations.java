package cloud.freehold.portal.operation.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.NewOperation;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationFilter;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** The table of operations, as its tenant uses it. */
@Component
@Transactional
class StoredOperations implements Operations {

    /** Of the newest that are open; few can be. */
    private static final int ON_DISKS = 10;

    private static final String SELECT = "select " + OperationRow.COLUMNS + " from operation ";

    private static final String[] UNLISTED = Arrays.stream(OperationKind.values())
            .filter(kind -> !kind.isListed())
            .map(Enum::name)
            .toArray(String[]::new);

    private final JdbcClient jdbc;
    private final JsonMapper json;
    private final Uuid7 ids;
    private final Clock clock;
    private final ActorSource actors;
    private final LiveEvents live;
    private final AuditTrail audit;

    StoredOperations(
            JdbcClient jdbc,
            JsonMapper json,
            Uuid7 ids,
            Clock clock,
            ActorSource actors,
            LiveEvents live,
            AuditTrail audit) {
        this.jdbc = jdbc;
        this.json = json;
        this.ids = ids;
        this.clock = clock;
        this.actors = actors;
        this.live = live;
        this.audit = audit;
    }

    @Override
    @Transactional(propagation = Propagation.MANDATORY)
    public Operation start(TenantId tenant, NewOperation operation) {
        supersede(tenant, operation);
        OperationId id = new OperationId(ids.next());
        OffsetDateTime now = now();
        Actor actor = actors.current();
        OperationId before = operation.after();
        jdbc.sql("""
                        insert into operation (id, tenant_id, kind, target_kind, target_id, target_name, host_id, state,
                                               arguments, requested_by, requested_by_name, idempotency_key, deadline,
                                               created_at, waits_for, even_if_failed, chain_id)
                        values (:id, :tenant, :kind, :targetKind, :target, :name, :host, :state, :arguments::jsonb,
                                :by, :byName, :key, :deadline, :now, :before, :evenIfFailed,
                                coalesce((select chain_id from operation where tenant_id = :tenant and id = :before), :id))
                        """)
                .param("id", id.value())
                .param("tenant", tenant.value())
                .param("kind", operation.kind().name())
                .param("targetKind", operation.targetKind())
                .param("target", operation.targetId())
                .param("name", operation.targetName())
                .param("host", operation.hostId(), java.sql.Types.OTHER)
                .param("state", before == null ? "QUEUED" : "WAITING")
                .param("arguments", json.writeValueAsString(operation.arguments()))
                .param("by", actor.id(), java.sql.Types.OTHER)
                .param("byName", actor.name())
                .param("key", operation.idempotencyKey(), java.sql.Types.VARCHAR)
                .param("deadline", now.plus(operation.kind().limit()))
                .param("now", now)
                .param("before", before == null ? null : before.value(), java.sql.Types.OTHER)
                .param("evenIfFailed", operation.evenIfFailed())
                .update();
        if (operation.kind() == OperationKind.VM_FORCE_OFF) {
            stopByForce(tenant, operation.targetId(), id);
        }
        if (before == null && operation.hostId() != null) {
            jdbc.sql("select pg_notify('host', :host::text)")
                    .param("host", operation.hostId())
                    .query((row, number) -> number)
                    .list();
        }
        live.publish(tenant, LiveTopic.OPERATIONS);
        return get(tenant, id);
    }

    /** What is asked for now replaces what was asked for before. */
    private void supersede(TenantId tenant, NewOperation by) {
        if (by.after() != null || by.kind().replaces().isEmpty()) {
            return;
        }
        jdbc.sql("""
                        update operation set state = 'CANCELLED', finished_at = :now, step = :step
                        where tenant_id = :tenant and target_id = :target and kind = any(:kinds)
                          and (state in ('QUEUED', 'RUNNING') or (:deletion and state = 'WAITING'))
                        """)
                .param("now", now())
                .param("step", "replaced by: " + by.kind().label())
                .param("tenant", tenant.value())
                .param("target", by.targetId())
                .param("kinds", names(by.kind().replaces()))
                .param("deletion", by.kind() == OperationKind.VM_DELETE)
                .update();
    }

    /** What waited for the VM to shut down now waits for its being switched off. */
    private void stopByForce(TenantId tenant, UUID target, OperationId off) {
        jdbc.sql("""
                        update operation w set waits_for = :off from operation s
                        where s.tenant_id = :tenant and s.target_id = :target and s.kind = 'VM_STOP' and s.state = 'CANCELLED'
                          and w.waits_for = s.id and w.state = 'WAITING'
                        """)
                .param("off", off.value())
                .param("tenant", tenant.value())
                .param("target", target)
                .update();
    }

    private static String[] names(Set<OperationKind> kinds) {
        return kinds.stream().map(Enum::name).toArray(String[]::new);
    }

    @Override
    @Transactional(propagation = Propagation.MANDATORY)
    public void finish(TenantId tenant, OperationId id) {
        jdbc.sql("""
                        update operation set state = 'DONE', percent = 100, finished_at = :now
                        where tenant_id = :tenant and id = :id and state in ('QUEUED', 'RUNNING')
                        """)
                .param("now", now())
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
        live.publish(tenant, LiveTopic.OPERATIONS);
    }

    @Override
    public void cancel(TenantId tenant, OperationId id) {
        Operation operation = get(tenant, id);
        if (!operation.kind().isCancellable()) {
            throw new ConflictException(
                    "operation.not-cancellable",
                    "This operation follows what is wanted of " + operation.targetName()
                            + ". Ask for something else instead, for example to stop it again.");
        }
        int cancelled = jdbc.sql("""
                        update operation set state = 'CANCELLED', finished_at = :now, step = :step
                        where tenant_id = :tenant and id = :id and state in ('WAITING', 'QUEUED', 'RUNNING')
                        """)
                .param("now", now())
                .param("step", "cancelled by " + actors.current().name())
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
        if (cancelled == 0) {
            throw new ConflictException("operation.ended", "The operation has ended already. Look at how it ended.");
        }
        live.publish(tenant, LiveTopic.OPERATIONS, LiveTopic.VMS);
        audit.record(
                tenant,
                AuditEntry.of(
                                "operation.cancelled",
                                operation.targetKind(),
                                operation.targetId(),
                                operation.targetName())
                        .after(Map.of("operation", id.toString(), "kind", operation.kind())));
    }

    @Override
    @Transactional(readOnly = true)
    public boolean isOpen(TenantId tenant, UUID target, Set<OperationKind> kinds) {
        return jdbc.sql("""
                        select exists (select from operation where tenant_id = :tenant and target_id = :target
                            and kind = any(:kinds) and state in ('WAITING', 'QUEUED', 'RUNNING'))
                        """)
                .param("tenant", tenant.value())
                .param("target", target)
                .param("kinds", names(kinds))
                .query(Boolean.class)
                .single();
    }

    @Override
    @Transactional(readOnly = true)
    public List<Operation> chain(TenantId tenant, UUID chain) {
        return jdbc.sql(SELECT + "where tenant_id = :tenant and chain_id = :chain order by id")
                .param("tenant", tenant.value())
                .param("chain", chain)
                .query(OperationRow::read)
                .list();
    }

    @Override
    @Transactional(propagation = Propagation.MANDATORY)
    public Optional<Operation> earlier(
            TenantId tenant, String idempotencyKey, OperationKind kind, @Nullable UUID target) {
        jdbc.sql("select pg_advisory_xact_lock(hashtextextended(:key, 1))")
                .param("key", tenant + " " + idempotencyKey)
                .query((row, number) -> number)
                .list();
        Optional<Operation> earlier = jdbc.sql(SELECT + "where tenant_id = :tenant and idempotency_key = :key")
                .param("tenant", tenant.value())
                .param("key", idempotencyKey)
                .query(OperationRow::read)
                .optional();
        earlier.filter(found -> found.kind() != kind
                        || (target != null && !found.targetId().equals(target)))
                .ifPresent(other -> {
                    throw new ConflictException(
                            "idempotency.key-reused",
                            "This Idempotency-Key was used for another request ("
                                    + other.kind().label() + " " + other.targetName()
                                    + "). Send a new key with a new request.");
                });
        return earlier;
    }

    @Override
    @Transactional(readOnly = true)
    public Operation get(TenantId tenant, OperationId id) {
        return jdbc.sql(SELECT + "where tenant_id = :tenant and id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query(OperationRow::read)
                .optional()
                .orElseThrow(() -> new NotFoundException(
                        "There is no such operation. Go to Activity, Operations and pick it from the list."));
    }

    @Override
    @Transactional(readOnly = true)
    public Optional<Operation> latest(TenantId tenant, UUID target, OperationKind kind) {
        return jdbc.sql(SELECT
                        + "where tenant_id = :tenant and target_id = :target and kind = :kind order by id desc limit 1")
                .param("tenant", tenant.value())
                .param("target", target)
                .param("kind", kind.name())
                .query(OperationRow::read)
                .optional();
    }

    @Override
    @Transactional(readOnly = true)
    public List<Operation> onDisks(TenantId tenant, UUID vm) {
        return page(tenant, new OperationFilter(OperationFilter.State.OPEN, vm, null, ON_DISKS)).items().stream()
                .filter(operation -> operation.kind().needsDisksAlone())
                .toList();
    }

    @Override
    @Transactional(readOnly = true)
    public KeysetPage<Operation> page(TenantId tenant, OperationFilter filter) {
        List<String> conditions = new ArrayList<>(List.of("tenant_id = :tenant", "kind <> all(:unlisted)"));
        if (filter.state() != null) {
            conditions.add(
                    switch (filter.state()) {
                        case OPEN -> "state in ('WAITING', 'QUEUED', 'RUNNING')";
                        case FAILED -> "state = 'FAILED'";
                        case DONE -> "state in ('DONE', 'CANCELLED')";
                    });
        }
        if (filter.target() != null) {
            conditions.add("target_id = :target");
        }
        if (filter.after() != null) {
            conditions.add("id < :after");
        }
        List<Operation> rows = jdbc.sql(
                        SELECT + "where " + String.join(" and ", conditions) + " order by id desc limit :limit")
                .param("tenant", tenant.value())
                .param("unlisted", UNLISTED)
                .param("target", filter.target(), java.sql.Types.OTHER)
                .param("after", filter.after() == null ? null : filter.after().value(), java.sql.Types.OTHER)
                .param("limit", filter.limit() + 1)
                .query(OperationRow::read)
                .list();
        return KeysetPage.of(rows, filter.limit(), last -> last.id().toString());
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
