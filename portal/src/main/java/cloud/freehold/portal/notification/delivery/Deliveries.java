package cloud.freehold.portal.notification.delivery;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.notification.ChannelId;
import cloud.freehold.portal.notification.DeliveryId;
import cloud.freehold.portal.notification.NotificationKind;
import cloud.freehold.portal.secrets.Wrapped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The queue of deliveries. A portal leases what it sends: if it dies, another one sends it again after the lease, so a webhook
 * may come twice, under the same id, but never not at all.
 */
@Component
class Deliveries {

    private static final Duration LEASE = Duration.ofMinutes(2);

    /** Pauses after each attempt; when they are used up, it has failed. */
    static final List<Duration> PAUSES = List.of(
            Duration.ofSeconds(10),
            Duration.ofMinutes(1),
            Duration.ofMinutes(5),
            Duration.ofMinutes(30),
            Duration.ofHours(2),
            Duration.ofHours(6),
            Duration.ofHours(12));

    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final LiveEvents live;
    private final Clock clock;

    Deliveries(
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate transaction,
            LiveEvents live,
            Clock clock) {
        this.system = system;
        this.transaction = transaction;
        this.live = live;
        this.clock = clock;
    }

    List<Letter> lease(int most) {
        List<Letter> leased = transaction.execute(status -> {
            List<UUID> due = system.sql("""
                            update notification_delivery set state = 'SENDING', attempts = attempts + 1, leased_until = :until
                            where id in (
                                select id from notification_delivery
                                where (state = 'WAITING' and next_attempt_at <= :now)
                                   or (state = 'SENDING' and leased_until <= :now)
                                order by next_attempt_at limit :most for update skip locked)
                            returning id
                            """)
                    .param("until", now().plus(LEASE))
                    .param("now", now())
                    .param("most", most)
                    .query(UUID.class)
                    .list();
            return due.isEmpty() ? List.<Letter>of() : letters(due);
        });
        return leased == null ? List.of() : leased;
    }

    private List<Letter> letters(List<UUID> ids) {
        return system.sql("""
                        select d.id, d.attempts, d.channel_id, c.url, c.secret, c.wrapped_by, n.kind, n.title, n.message, n.path,
                               n.created_at, t.slug, t.name as tenant_name, a.email
                        from notification_delivery d join notification_channel c on c.id = d.channel_id
                        join notification n on n.id = d.notification_id join tenant t on t.id = d.tenant_id
                        left join account a on a.id = c.account_id
                        where d.id = any(:ids) order by d.id
                        """)
                .param("ids", ids.toArray(UUID[]::new))
                .query((row, number) -> letter(row))
                .list();
    }

    private static Letter letter(ResultSet row) throws SQLException {
        byte[] secret = row.getBytes("secret");
        String path = row.getString("path");
        return new Letter(
                new DeliveryId(row.getObject("id", UUID.class)),
                new ChannelId(row.getObject("channel_id", UUID.class)),
                row.getInt("attempts"),
                NotificationKind.valueOf(row.getString("kind")),
                row.getString("title"),
                row.getString("message"),
                path == null ? null : "/t/" + row.getString("slug") + path,
                row.getString("slug"),
                row.getString("tenant_name"),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getString("email"),
                row.getString("url"),
                secret == null ? null : new Wrapped(secret, row.getString("wrapped_by")));
    }

    void ended(Letter letter, Outcome outcome, Duration took) {
        boolean over = outcome.isFinal() || letter.attempt() > PAUSES.size();
        Duration pause = over ? Duration.ZERO : PAUSES.get(letter.attempt() - 1);
        transaction.executeWithoutResult(status -> system.sql("""
                        update notification_delivery set state = :state, status_code = :code, error = :error, answer = :answer,
                               took_millis = :took, leased_until = null, next_attempt_at = :next,
                               finished_at = case when :over then :now::timestamptz end
                        where id = :id and state = 'SENDING' returning tenant_id
                        """)
                .param("state", outcome.arrived() ? "DELIVERED" : over ? "FAILED" : "WAITING")
                .param("code", outcome.statusCode(), java.sql.Types.INTEGER)
                .param("error", outcome.error(), java.sql.Types.VARCHAR)
                .param("answer", outcome.answer(), java.sql.Types.VARCHAR)
                .param("took", took.toMillis())
                .param("next", now().plus(pause))
                .param("over", over)
                .param("now", now())
                .param("id", letter.id().value())
                .query(UUID.class)
                .list()
                .forEach(tenant -> live.publishAsSystem(new TenantId(tenant), LiveTopic.NOTIFICATIONS)));
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
