package cloud.freehold.portal.operation;

import cloud.freehold.portal.common.TenantId;

/** What has to be done when an operation that waited for another may begin: a bean for each kind that needs something. */
public interface NextStep {

    OperationKind kind();

    /**
     * In a transaction of the tenant.
     *
     * @return false: not yet, ask again a little later
     * @throws cloud.freehold.portal.common.FreeholdException when it is no longer possible; the operation fails with it
     */
    boolean begin(TenantId tenant, Operation operation);
}
