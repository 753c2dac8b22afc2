package cloud.freehold.portal.audit;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.TenantId;

/**
 * Writes a tenant's trail, in the transaction of the change itself: either both are kept or neither. Events of one
 * tenant are chained, so the head of the chain stays locked until the transaction ends; record last, just before it.
 */
public interface AuditTrail {

    /** In the current (ordinary) transaction of this tenant, done by whoever acts on this thread. */
    void record(TenantId tenant, AuditEntry entry);

    /** In the current (ordinary) transaction of this tenant. */
    void record(TenantId tenant, Actor actor, AuditEntry entry);

    /** In the current transaction of the system's data source, for work across tenants. */
    void recordAsSystem(TenantId tenant, Actor actor, AuditEntry entry);
}
