package cloud.freehold.portal.backup.hosting;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.RestoredVms;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.database.TenantTransaction;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Takes back volumes that were added to a VM for a restore that did not end well, however it ended. A new VM keeps its empty ones:
 * it is visibly not there, and its owner decides.
 */
@Component
class UnfilledVolumes {

    private record Unfilled(TenantId tenant, UUID volume) {}

    private final JdbcClient system;
    private final TenantTransaction transactions;
    private final RestoredVms restored;

    UnfilledVolumes(@SystemAccess JdbcClient system, TenantTransaction transactions, RestoredVms restored) {
        this.system = system;
        this.transactions = transactions;
        this.restored = restored;
    }

    @Scheduled(fixedDelayString = "PT5S")
    void takeBack() {
        system.sql("""
                        select v.tenant_id, v.id from volume v join operation o on o.id = v.restored_by
                        where o.state in ('FAILED', 'CANCELLED') and v.vm_id is not null
                          and exists (select from volume w where w.vm_id = v.vm_id and w.restored_by is distinct from o.id)
                        """)
                .query((row, number) -> new Unfilled(
                        new TenantId(row.getObject("tenant_id", UUID.class)), row.getObject("id", UUID.class)))
                .list()
                .forEach(
                        each -> transactions.run(each.tenant(), () -> restored.takeBack(each.tenant(), each.volume())));
    }
}
