package cloud.freehold.portal.database;

import cloud.freehold.portal.common.TenantId;
import java.util.function.Supplier;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Runs work of one tenant in one transaction, for jobs, event listeners and other threads without a request. Web
 * requests under a tenant's path have their tenant already and use {@code @Transactional}.
 */
@Component
public class TenantTransaction {

    private final TransactionTemplate transaction;
    private final TransactionTemplate readOnly;

    TenantTransaction(PlatformTransactionManager transactions) {
        this.transaction = new TransactionTemplate(transactions);
        this.transaction.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRED);
        this.readOnly = new TransactionTemplate(transactions);
        this.readOnly.setReadOnly(true);
    }

    public void run(TenantId tenant, Runnable work) {
        call(tenant, () -> {
            work.run();
            return Boolean.TRUE;
        });
    }

    public <T> T call(TenantId tenant, Supplier<T> work) {
        return execute(transaction, tenant, work);
    }

    public <T> T read(TenantId tenant, Supplier<T> work) {
        return execute(readOnly, tenant, work);
    }

    private static <T> T execute(TransactionTemplate template, TenantId tenant, Supplier<T> work) {
        Acting now = Acting.current();
        if (TransactionSynchronizationManager.isActualTransactionActive() && !tenant.equals(now.tenant())) {
            throw new IllegalStateException(
                    "A transaction for tenant " + now.tenant() + " is open; it cannot go on for tenant " + tenant);
        }
        Acting acting = tenant.equals(now.tenant()) ? now : new Acting(tenant, null);
        try (Acting.Scope scope = Acting.begin(acting)) {
            return template.execute(status -> work.get());
        }
    }
}
