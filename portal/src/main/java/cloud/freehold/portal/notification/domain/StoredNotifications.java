package cloud.freehold.portal.notification.domain;

import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.notification.NewNotification;
import cloud.freehold.portal.notification.Notification;
import cloud.freehold.portal.notification.NotificationId;
import cloud.freehold.portal.notification.NotificationKind;
import cloud.freehold.portal.notification.Notifications;
import cloud.freehold.portal.notification.delivery.SystemAnnouncements;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

@Component
class StoredNotifications implements Notifications {

    private static final int COUNTED = 100;

    private final JdbcClient jdbc;
    private final Announcements announcements;
    private final SystemAnnouncements system;
    private final LiveEvents live;

    StoredNotifications(JdbcClient jdbc, Announcements announcements, SystemAnnouncements system, LiveEvents live) {
        this.jdbc = jdbc;
        this.announcements = announcements;
        this.system = system;
        this.live = live;
    }

    @Override
    @Transactional(propagation = Propagation.MANDATORY)
    public void raise(TenantId tenant, NewNotification notification) {
        if (announcements.write(jdbc, tenant, notification)) {
            live.publish(tenant, LiveTopic.NOTIFICATIONS);
        }
    }

    @Override
    public void raiseAsSystem(TenantId tenant, NewNotification notification) {
        if (announcements.write(system.client(), tenant, notification)) {
            live.publishAsSystem(tenant, LiveTopic.NOTIFICATIONS);
        }
    }

    @Override
    @Transactional(readOnly = true)
    public KeysetPage<Notification> page(TenantId tenant, UserId reader, @Nullable NotificationId after, int limit) {
        List<Notification> rows = jdbc.sql("""
                        select n.*, coalesce(n.id > s.seen_until, true) as is_new from notification n
                        left join notification_seen s on s.tenant_id = n.tenant_id and s.account_id = :reader
                        where n.tenant_id = :tenant and (:first or n.id < :after) order by n.id desc limit :limit
                        """)
                .param("reader", reader.value())
                .param("tenant", tenant.value())
                .param("first", after == null)
                .param("after", after == null ? null : after.value(), java.sql.Types.OTHER)
                .param("limit", limit + 1)
                .query((row, number) -> new Notification(
                        new NotificationId(row.getObject("id", UUID.class)),
                        NotificationKind.valueOf(row.getString("kind")),
                        row.getString("title"),
                        row.getString("message"),
                        row.getString("path"),
                        row.getObject("created_at", OffsetDateTime.class).toInstant(),
                        row.getBoolean("is_new")))
                .list();
        return KeysetPage.of(rows, limit, last -> last.id().toString());
    }

    @Override
    @Transactional(readOnly = true)
    public int unread(TenantId tenant, UserId reader) {
        return jdbc.sql("""
                        select count(*) from (
                            select from notification n where n.tenant_id = :tenant and n.id > coalesce(
                                (select seen_until from notification_seen s
                                 where s.tenant_id = :tenant and s.account_id = :reader),
                                '00000000-0000-0000-0000-000000000000') limit :most) unread
                        """)
                .param("tenant", tenant.value())
                .param("reader", reader.value())
                .param("most", COUNTED)
                .query(Integer.class)
                .single();
    }

    @Override
    @Transactional
    public void markRead(TenantId tenant, UserId reader) {
        jdbc.sql("""
                        insert into notification_seen (tenant_id, account_id, seen_until)
                        select tenant_id, :reader, id from notification where tenant_id = :tenant order by id desc limit 1
                        on conflict (tenant_id, account_id) do update set seen_until = excluded.seen_until
                        """)
                .param("reader", reader.value())
                .param("tenant", tenant.value())
                .update();
        live.publish(tenant, LiveTopic.NOTIFICATIONS);
    }
}
