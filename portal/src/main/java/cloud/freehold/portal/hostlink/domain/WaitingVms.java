package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** Gives a host to VMs that were created while there was none. */
@Component
class WaitingVms {

    private static final Logger log = LoggerFactory.getLogger(WaitingVms.class);
    private static final int AT_ONCE = 100;

    private record Waiting(UUID vm, TenantId tenant) {}

    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final LiveEvents live;

    WaitingVms(@SystemAccess JdbcClient system, @SystemAccess TransactionTemplate transaction, LiveEvents live) {
        this.system = system;
        this.transaction = transaction;
        this.live = live;
    }

    @Scheduled(fixedDelayString = "PT2S")
    void place() {
        system.sql("""
                        select v.id, v.tenant_id from vm v
                        where v.host_id is null and v.deleting_since is null
                          and exists (select from host where capacity_vcpus > 0)
                        order by v.id limit :limit
                        """)
                .param("limit", AT_ONCE)
                .query((row, number) -> new Waiting(
                        row.getObject("id", UUID.class), new TenantId(row.getObject("tenant_id", UUID.class))))
                .list()
                .forEach(this::place);
    }

    private void place(Waiting waiting) {
        try {
            transaction.executeWithoutResult(status -> {
                new PendingHostChanges(waiting.tenant()).unplaced(waiting.vm()).apply(system);
                live.publishAsSystem(waiting.tenant(), LiveTopic.VMS, LiveTopic.OPERATIONS);
            });
        } catch (DataAccessException e) {
            log.debug("VM {} still waits for a host: {}", waiting.vm(), e.getMessage());
        }
    }
}
