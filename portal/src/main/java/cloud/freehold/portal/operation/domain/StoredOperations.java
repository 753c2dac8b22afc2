package cloud.freehold.portal.operation.domain;

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
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** The table of operations, as its tenant uses it. */
@Component
@Transactional
class StoredOperations implements Operations {

    private static final String SELECT = "select " + OperationRow.COLUMNS + " from operation ";

    private final JdbcClient jdbc;
    private final Uuid7 ids;
    private final Clock clock;
    private final ActorSource actors;
    private final LiveEvents live;

    StoredOperations(JdbcClient jdbc, Uuid7 ids, Clock clock, ActorSource actors, LiveEvents live) {
        this.jdbc = jdbc;
        this.ids = ids;
        this.clock = clock;
        this.actors = actors;
        this.live = live;
    }

    @Override
    @Transactional(propagation = Propagation.MANDATORY)
    public Operation start(TenantId tenant, NewOperation operation) {
        supersede(tenant, operation);
        OperationId id = new OperationId(ids.next());
        OffsetDateTime now = now();
        Actor actor = actors.current();
        jdbc.sql("""
                        insert into operation (id, tenant_id, kind, target_kind, target_id, target_name, host_id, state,
                                               arguments, requested_by, requested_by_name, idempotency_key, deadline,
                                               created_at)
                        values (:id, :tenant, :kind, 'vm', :target, :name, :host, 'QUEUED',
                                jsonb_build_object('force', :force::boolean), :by, :byName, :key, :deadline, :now)
                        """)
                .param("id", id.value())
                .param("tenant", tenant.value())
                .param("kind", operation.kind().name())
                .param("target", operation.targetId())
                .param("name", operation.targetName())
                .param("host", operation.hostId(), java.sql.Types.OTHER)
                .param("force", operation.force())
                .param("by", actor.id(), java.sql.Types.OTHER)
                .param("byName", actor.name())
                .param("key", operation.idempotencyKey(), java.sql.Types.VARCHAR)
                .param("deadline", now.plus(operation.kind().limit()))
                .param("now", now)
                .update();
        if (operation.kind().isCommand() && operation.hostId() != null) {
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
        jdbc.sql("""
                        update operation set state = 'CANCELLED', finished_at = :now, step = :step
                        where tenant_id = :tenant and target_id = :target and state in ('QUEUED', 'RUNNING')
                          and (:all or kind <> 'VM_CREATE')
                        """)
                .param("now", now())
                .param("step", "replaced by: " + by.kind().label())
                .param("tenant", tenant.value())
                .param("target", by.targetId())
                .param("all", by.kind() == OperationKind.VM_DELETE)
                .update();
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
    public KeysetPage<Operation> page(TenantId tenant, OperationFilter filter) {
        List<String> conditions = new ArrayList<>(List.of("tenant_id = :tenant"));
        if (filter.state() != null) {
            conditions.add(
                    switch (filter.state()) {
                        case OPEN -> "state in ('QUEUED', 'RUNNING')";
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
