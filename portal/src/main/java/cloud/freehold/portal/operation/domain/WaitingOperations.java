package cloud.freehold.portal.operation.domain;

import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.NextStep;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.OperationState;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Goes on with chains of operations: looks for those that wait for one that has ended. Looking, and not being told, makes
 * it indifferent to how that one ended and where; each portal may do it, a row is moved once.
 */
@Component
class WaitingOperations {

    private static final Logger log = LoggerFactory.getLogger(WaitingOperations.class);
    private static final int AT_ONCE = 100;

    /** @param before how the one before it ended */
    private record Waiting(
            OperationId id, TenantId tenant, boolean begins, OperationState before, OperationKind kindBefore) {}

    private final JdbcClient system;
    private final TransactionTemplate systemTransaction;
    private final TenantTransaction transactions;
    private final JdbcClient jdbc;
    private final ObjectProvider<NextStep> steps;
    private final OrderRows rows;
    private final OrderBook book;
    private final Clock clock;
    private final LiveEvents live;

    WaitingOperations(
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate systemTransaction,
            TenantTransaction transactions,
            JdbcClient jdbc,
            ObjectProvider<NextStep> steps,
            OrderRows rows,
            OrderBook book,
            Clock clock,
            LiveEvents live) {
        this.system = system;
        this.systemTransaction = systemTransaction;
        this.transactions = transactions;
        this.jdbc = jdbc;
        this.steps = steps;
        this.rows = rows;
        this.book = book;
        this.clock = clock;
        this.live = live;
    }

    @Scheduled(fixedDelayString = "PT1S", initialDelayString = "PT5S")
    void goOn() {
        UUID after = new UUID(0, 0);
        List<Waiting> some;
        do {
            // All of them, though some may not begin yet: those of one tenant must not keep others' out.
            some = ready(after);
            some.forEach(this::goOn);
            after = some.isEmpty() ? after : some.get(some.size() - 1).id().value();
        } while (some.size() == AT_ONCE);
    }

    private void goOn(Waiting waiting) {
        try {
            if (waiting.begins()) {
                transactions.run(waiting.tenant(), () -> begin(waiting));
            } else {
                end(
                        waiting,
                        waiting.before() == OperationState.CANCELLED ? null : "operation.step-failed",
                        "It was not begun, because the step before it failed: "
                                + waiting.kindBefore().label() + ". Look there for the reason.");
            }
        } catch (FreeholdException e) {
            end(waiting, e.code(), Objects.requireNonNullElse(e.getMessage(), e.title()));
        } catch (RuntimeException e) {
            // The next round tries again; others must not wait for this one.
            log.error("Operation {} could not go on after the one before it", waiting.id(), e);
        }
    }

    private List<Waiting> ready(UUID after) {
        return system.sql("""
                        select w.id, w.tenant_id, p.state = 'DONE' or w.even_if_failed as begins, p.state, p.kind
                        from operation w join operation p on p.id = w.waits_for
                        where w.state = 'WAITING' and p.state in ('DONE', 'FAILED', 'CANCELLED') and w.id > :after
                        order by w.id limit :limit
                        """)
                .param("after", after)
                .param("limit", AT_ONCE)
                .query((row, number) -> new Waiting(
                        new OperationId(row.getObject("id", UUID.class)),
                        new TenantId(row.getObject("tenant_id", UUID.class)),
                        row.getBoolean("begins"),
                        OperationState.valueOf(row.getString("state")),
                        OperationKind.valueOf(row.getString("kind"))))
                .list();
    }

    private void begin(Waiting waiting) {
        jdbc.sql("select " + OperationRow.COLUMNS
                        + " from operation where tenant_id = :tenant and id = :id and state = 'WAITING'"
                        + " for update skip locked")
                .param("tenant", waiting.tenant().value())
                .param("id", waiting.id().value())
                .query(OperationRow::read)
                .optional()
                .ifPresent(operation -> begin(waiting.tenant(), operation));
    }

    private void begin(TenantId tenant, Operation operation) {
        if (!steps.stream()
                .filter(step -> step.kind() == operation.kind())
                .allMatch(step -> step.begin(tenant, operation))) {
            return;
        }
        jdbc.sql("""
                        update operation set state = 'QUEUED', step = '', deadline = :deadline
                        where tenant_id = :tenant and id = :id
                        returning case when host_id is not null then pg_notify('host', host_id::text) end
                        """)
                .param("deadline", now().plus(operation.kind().limit()))
                .param("tenant", tenant.value())
                .param("id", operation.id().value())
                .query((row, number) -> number)
                .list();
        live.publish(tenant, LiveTopic.OPERATIONS, LiveTopic.VMS);
    }

    private void end(Waiting waiting, @Nullable String code, String message) {
        systemTransaction.executeWithoutResult(status -> {
            int ended = system.sql("""
                            update operation set state = :state, finished_at = :now, error_code = :code,
                                   error_message = :message, step = :step
                            where id = :id and state = 'WAITING'
                            """)
                    .param("state", code == null ? "CANCELLED" : "FAILED")
                    .param("now", now())
                    .param("code", code, java.sql.Types.VARCHAR)
                    .param("message", code == null ? null : message, java.sql.Types.VARCHAR)
                    .param("step", code == null ? "the step before was cancelled" : "")
                    .param("id", waiting.id().value())
                    .update();
            if (ended > 0 && code != null) {
                rows.find(waiting.id())
                        .ifPresent(order ->
                                book.of(order.kind()).ifPresent(feature -> feature.failed(order, code, message)));
            }
            live.publishAsSystem(waiting.tenant(), LiveTopic.OPERATIONS);
        });
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
