package cloud.freehold.portal.live;

import cloud.freehold.portal.common.TenantId;

/** Tells a tenant's open pages that something changed, when the current transaction commits. */
public interface LiveEvents {

    /** In the current (ordinary) transaction. */
    void publish(TenantId tenant, LiveTopic... topics);

    /** In the current transaction of the system's data source, or at once without one. */
    void publishAsSystem(TenantId tenant, LiveTopic... topics);
}
