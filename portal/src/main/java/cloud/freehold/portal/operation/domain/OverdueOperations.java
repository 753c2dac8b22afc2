package cloud.freehold.portal.operation.domain;

import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** Ends operations whose deadline passed. Each portal may do it; a row is ended once. */
@Component
@EnableScheduling
class OverdueOperations {

    static final String CODE = "operation.timed-out";

    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final OrderRows rows;
    private final OrderBook book;
    private final Clock clock;
    private final LiveEvents live;

    OverdueOperations(
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate transaction,
            OrderRows rows,
            OrderBook book,
            Clock clock,
            LiveEvents live) {
        this.system = system;
        this.transaction = transaction;
        this.rows = rows;
        this.book = book;
        this.clock = clock;
        this.live = live;
    }

    @Scheduled(fixedDelayString = "PT5S", initialDelayString = "PT5S")
    void expire() {
        transaction.executeWithoutResult(status -> rows.letWait());
        transaction.executeWithoutResult(status -> rows.lockOverdue().forEach(this::fail));
    }

    private void fail(HostOrder order) {
        Optional<HostOrders> feature = book.of(order.kind());
        String message = feature.isPresent()
                ? "The host did not do it in time and will not do it any more. Look at the state of "
                        + order.targetName() + " and ask again if it is still needed."
                : "The host did not report the end in time. What was asked for stays in force: the host does it as soon"
                        + " as it can. If " + order.targetName()
                        + " does not get there, ask again or ask the provider.";
        system.sql("""
                        update operation set state = 'FAILED', finished_at = :now, error_code = :code, error_message = :message
                        where id = :id
                        """)
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .param("code", CODE)
                .param("message", message)
                .param("id", order.id().value())
                .update();
        feature.ifPresent(each -> each.failed(order, CODE, message));
        live.publishAsSystem(order.tenant(), LiveTopic.OPERATIONS);
    }
}
