package cloud.freehold.portal.operation.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** Ends operations whose deadline passed. Each portal may do it; a row is ended once. */
@Component
@EnableScheduling
class OverdueOperations {

    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final Clock clock;
    private final LiveEvents live;

    OverdueOperations(
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate transaction,
            Clock clock,
            LiveEvents live) {
        this.system = system;
        this.transaction = transaction;
        this.clock = clock;
        this.live = live;
    }

    @Scheduled(fixedDelayString = "PT5S", initialDelayString = "PT5S")
    void expire() {
        transaction.executeWithoutResult(status ->
                system.sql("""
                        update operation o set state = 'FAILED', finished_at = :now, error_code = 'operation.timed-out',
                               error_message = case
                                   when o.kind in ('VM_REBOOT', 'VM_FORCE_OFF')
                                   then 'The host did not do it in time and will not do it any more. Look at the state of '
                                        || o.target_name || ' and ask again if it is still needed.'
                                   else 'The host did not report the end in time. What was asked for stays in force: the host'
                                        || ' does it as soon as it can. If ' || o.target_name
                                        || ' does not get there, ask again or ask the provider.' end
                        where o.id in (select id from operation where state in ('QUEUED', 'RUNNING') and deadline <= :now
                                       for update skip locked)
                        returning o.tenant_id
                        """).param("now", clock.instant().atOffset(ZoneOffset.UTC)).query(UUID.class).list().stream()
                        .distinct()
                        .forEach(tenant -> live.publishAsSystem(new TenantId(tenant), LiveTopic.OPERATIONS)));
    }
}
