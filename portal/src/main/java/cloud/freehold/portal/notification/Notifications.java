package cloud.freehold.portal.notification;

import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import org.jspecify.annotations.Nullable;

/** Tells tenants, and shows what they were told. */
public interface Notifications {

    /** In the current (ordinary) transaction: told when it commits, by every channel that wants to hear of it. */
    void raise(TenantId tenant, NewNotification notification);

    /** The same in the current transaction of the system's data source. */
    void raiseAsSystem(TenantId tenant, NewNotification notification);

    /** Newest first. */
    KeysetPage<Notification> page(TenantId tenant, UserId reader, @Nullable NotificationId after, int limit);

    /** How many the member has not read; at most 100 are counted. */
    int unread(TenantId tenant, UserId reader);

    void markRead(TenantId tenant, UserId reader);
}
