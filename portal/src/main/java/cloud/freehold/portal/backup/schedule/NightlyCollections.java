package cloud.freehold.portal.backup.schedule;

import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.backup.domain.UpkeepOrdering;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.database.TenantTransaction;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Begins a collection wherever a tenant has points in a store. */
@Component
class NightlyCollections {

    private static final Logger log = LoggerFactory.getLogger(NightlyCollections.class);

    private record Due(TenantId tenant, StoreId store, String name) {}

    private final JdbcClient system;
    private final TenantTransaction transactions;
    private final UpkeepOrdering upkeep;

    NightlyCollections(@SystemAccess JdbcClient system, TenantTransaction transactions, UpkeepOrdering upkeep) {
        this.system = system;
        this.transactions = transactions;
        this.upkeep = upkeep;
    }

    void begin() {
        system.sql("""
                        select distinct p.tenant_id, p.store_id, s.name from recovery_point p
                        join backup_store s on s.id = p.store_id order by p.tenant_id, p.store_id
                        """)
                .query((row, number) -> new Due(
                        new TenantId(row.getObject("tenant_id", UUID.class)),
                        new StoreId(row.getObject("store_id", UUID.class)),
                        row.getString("name")))
                .list()
                .forEach(this::begin);
    }

    private void begin(Due due) {
        try {
            transactions.run(due.tenant(), () -> upkeep.collect(due.tenant(), due.store(), due.name()));
        } catch (RuntimeException e) {
            // The others' must not wait for this one; it is tried again the next night.
            log.error("Collecting for tenant {} in store {} could not begin", due.tenant(), due.name(), e);
        }
    }
}
