package cloud.freehold.portal.backup.demo;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.Backups;
import cloud.freehold.portal.backup.NewBackup;
import cloud.freehold.portal.backup.Policies;
import cloud.freehold.portal.backup.PolicySettings;
import cloud.freehold.portal.backup.Retention;
import cloud.freehold.portal.backup.Schedule;
import cloud.freehold.portal.backup.Store;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.demo.DemoStep;
import cloud.freehold.portal.members.TenantFounding;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/** Acme's VMs are backed up every night; globex has no policy, so that its pages show how to begin. */
@Component
@Order(30)
@ConditionalOnBooleanProperty("freehold.demo.enabled")
class DemoPolicy implements DemoStep {

    private static final Logger log = LoggerFactory.getLogger(DemoPolicy.class);
    private static final String NAME = "nightly";

    private final TenantFounding founding;
    private final TenantTransaction transactions;
    private final Backups backups;
    private final Policies policies;

    DemoPolicy(TenantFounding founding, TenantTransaction transactions, Backups backups, Policies policies) {
        this.founding = founding;
        this.transactions = transactions;
        this.backups = backups;
        this.policies = policies;
    }

    @Override
    public String name() {
        return "a backup policy";
    }

    @Override
    public void run() {
        TenantId acme = founding.provide("acme", "Acme");
        transactions.run(acme, () -> {
            List<Store> stores = backups.stores(acme);
            if (stores.isEmpty()) {
                log.warn("There is no place for backups, so acme gets no policy; set freehold.backup.stores");
            } else if (policies.list(acme).isEmpty()) {
                policies.create(acme, nightly(stores.get(0)));
            }
        });
    }

    private static PolicySettings nightly(Store store) {
        return new PolicySettings(
                NAME,
                true,
                store.id(),
                true,
                List.of(),
                new Schedule("0 30 2 * * *"),
                Consistency.FILESYSTEM,
                Consistency.CRASH,
                NewBackup.USUAL_FREEZE_LIMIT,
                Retention.USUAL,
                Duration.ofHours(26),
                new Schedule("0 0 5 * * 7"),
                null,
                null,
                null,
                null);
    }
}
