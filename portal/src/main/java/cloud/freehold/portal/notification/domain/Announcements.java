package cloud.freehold.portal.notification.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.notification.NewNotification;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Writes a notification and what has to be delivered of it, by whichever client. */
@Component
class Announcements {

    private final Uuid7 ids;
    private final Clock clock;

    Announcements(Uuid7 ids, Clock clock) {
        this.ids = ids;
        this.clock = clock;
    }

    /** @return whether it was not said before */
    boolean write(JdbcClient jdbc, TenantId tenant, NewNotification said) {
        UUID id = ids.next();
        OffsetDateTime now = now();
        int written = jdbc.sql("""
                        insert into notification (id, tenant_id, kind, title, message, path, said_once, created_at)
                        values (:id, :tenant, :kind, :title, :message, :path, :once, :now)
                        on conflict (tenant_id, said_once) do nothing
                        """)
                .param("id", id)
                .param("tenant", tenant.value())
                .param("kind", said.kind().name())
                .param("title", limited(said.title(), 200))
                .param("message", limited(said.message(), 1_000))
                .param("path", said.path(), java.sql.Types.VARCHAR)
                .param("once", said.saidOnce(), java.sql.Types.VARCHAR)
                .param("now", now)
                .update();
        if (written == 0) {
            return false;
        }
        List<UUID> channels = jdbc.sql("""
                        select id from notification_channel where tenant_id = :tenant and enabled
                          and (kinds = '{}' or :kind = any(kinds)) order by id
                        """)
                .param("tenant", tenant.value())
                .param("kind", said.kind().name())
                .query(UUID.class)
                .list();
        channels.forEach(channel -> deliver(jdbc, tenant, channel, id));
        return true;
    }

    UUID deliver(JdbcClient jdbc, TenantId tenant, UUID channel, UUID notification) {
        UUID id = ids.next();
        jdbc.sql("""
                        insert into notification_delivery (id, tenant_id, channel_id, notification_id, state, next_attempt_at,
                                                           created_at)
                        values (:id, :tenant, :channel, :notification, 'WAITING', :now, :now)
                        """)
                .param("id", id)
                .param("tenant", tenant.value())
                .param("channel", channel)
                .param("notification", notification)
                .param("now", now())
                .update();
        return id;
    }

    private static String limited(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length);
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
