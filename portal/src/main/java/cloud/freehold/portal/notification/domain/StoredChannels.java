package cloud.freehold.portal.notification.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.StaleVersionException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.notification.Channel;
import cloud.freehold.portal.notification.ChannelId;
import cloud.freehold.portal.notification.Channels;
import cloud.freehold.portal.notification.Delivery;
import cloud.freehold.portal.notification.DeliveryId;
import cloud.freehold.portal.notification.NotificationId;
import cloud.freehold.portal.notification.NotificationKind;
import cloud.freehold.portal.notification.delivery.WebhookSecrets;
import cloud.freehold.portal.secrets.Wrapped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Each command: one transaction with the change and its audit event. */
@Component
@Transactional
class StoredChannels implements Channels {

    private static final int MOST = 20;
    private static final int LONGEST_NAME = 63;

    private final JdbcClient jdbc;
    private final Announcements announcements;
    private final WebhookSecrets secrets;
    private final WebhookUrls urls;
    private final AuditTrail audit;
    private final Uuid7 ids;
    private final Clock clock;

    StoredChannels(
            JdbcClient jdbc,
            Announcements announcements,
            WebhookSecrets secrets,
            WebhookUrls urls,
            AuditTrail audit,
            Uuid7 ids,
            Clock clock) {
        this.jdbc = jdbc;
        this.announcements = announcements;
        this.secrets = secrets;
        this.urls = urls;
        this.audit = audit;
        this.ids = ids;
        this.clock = clock;
    }

    private static final String SELECT = """
            select c.id, c.kind, c.name, c.enabled, c.kinds, c.url, c.version, a.email,
                   (select max(finished_at) from notification_delivery d where d.channel_id = c.id and d.state = 'DELIVERED')
                       as last_delivered,
                   coalesce((select state = 'FAILED' or (state = 'WAITING' and attempts > 0) from notification_delivery d
                       where d.channel_id = c.id order by d.id desc limit 1), false) as last_failed
            from notification_channel c left join account a on a.id = c.account_id where c.tenant_id = :tenant
            """;

    @Override
    @Transactional(readOnly = true)
    public List<Channel> list(TenantId tenant) {
        return jdbc.sql(SELECT + " order by c.name")
                .param("tenant", tenant.value())
                .query((row, number) -> channel(row))
                .list();
    }

    @Override
    @Transactional(readOnly = true)
    public Channel get(TenantId tenant, ChannelId id) {
        return jdbc.sql(SELECT + " and c.id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query((row, number) -> channel(row))
                .optional()
                .orElseThrow(() -> new NotFoundException(
                        "There is no such channel. Go to Settings, Notifications and pick one from the list."));
    }

    private static Channel channel(ResultSet row) throws SQLException {
        Set<NotificationKind> kinds = EnumSet.noneOf(NotificationKind.class);
        Arrays.stream((String[]) row.getArray("kinds").getArray())
                .map(NotificationKind::valueOf)
                .forEach(kinds::add);
        return new Channel(
                new ChannelId(row.getObject("id", UUID.class)),
                Channel.Type.valueOf(row.getString("kind")),
                row.getString("name"),
                row.getBoolean("enabled"),
                kinds,
                row.getString("email"),
                row.getString("url"),
                instant(row, "last_delivered"),
                row.getBoolean("last_failed"),
                row.getLong("version"));
    }

    @Override
    public ChannelId addEmail(TenantId tenant, String name, UserId member, Set<NotificationKind> kinds) {
        if (recipients(tenant).stream().noneMatch(each -> each.id().equals(member))) {
            throw InvalidInputException.field(
                    "channel.member", "member", "E-mail goes to members of the tenant. Choose one of the list.");
        }
        ChannelId id = insert(tenant, Channel.Type.EMAIL, name, kinds, member, null, null);
        audit.record(
                tenant,
                AuditEntry.of("notification-channel.added", "notification-channel", id.value(), name)
                        .after(Map.of("type", "EMAIL", "member", member.toString())));
        return id;
    }

    @Override
    public Added addWebhook(TenantId tenant, String name, String url, Set<NotificationKind> kinds) {
        String checked = urls.check(url);
        String secret = secrets.fresh();
        ChannelId id = new ChannelId(ids.next());
        insert(tenant, id, Channel.Type.WEBHOOK, name, kinds, null, checked, secrets.wrap(id, secret));
        audit.record(
                tenant,
                AuditEntry.of("notification-channel.added", "notification-channel", id.value(), name)
                        .after(Map.of("type", "WEBHOOK", "url", checked)));
        return new Added(id, secret);
    }

    private ChannelId insert(
            TenantId tenant,
            Channel.Type type,
            String name,
            Set<NotificationKind> kinds,
            @Nullable UserId member,
            @Nullable String url,
            @Nullable Wrapped secret) {
        ChannelId id = new ChannelId(ids.next());
        insert(tenant, id, type, name, kinds, member, url, secret);
        return id;
    }

    private void insert(
            TenantId tenant,
            ChannelId id,
            Channel.Type type,
            String name,
            Set<NotificationKind> kinds,
            @Nullable UserId member,
            @Nullable String url,
            @Nullable Wrapped secret) {
        String checked = checkName(tenant, name, null);
        if (list(tenant).size() >= MOST) {
            throw new ConflictException(
                    "channel.too-many", "A tenant has up to " + MOST + " channels. Delete one that nobody needs.");
        }
        jdbc.sql("""
                        insert into notification_channel (id, tenant_id, kind, name, kinds, account_id, url, secret, wrapped_by,
                                                          created_at)
                        values (:id, :tenant, :kind, :name, :kinds, :account, :url, :secret, :by, :now)
                        """)
                .param("id", id.value())
                .param("tenant", tenant.value())
                .param("kind", type.name())
                .param("name", checked)
                .param("kinds", kinds.stream().map(Enum::name).toArray(String[]::new))
                .param("account", member == null ? null : member.value(), java.sql.Types.OTHER)
                .param("url", url, java.sql.Types.VARCHAR)
                .param("secret", secret == null ? null : secret.bytes(), java.sql.Types.BINARY)
                .param("by", secret == null ? null : secret.by(), java.sql.Types.VARCHAR)
                .param("now", now())
                .update();
    }

    private String checkName(TenantId tenant, String name, @Nullable ChannelId but) {
        String checked = name.strip();
        if (checked.isEmpty()
                || checked.length() > LONGEST_NAME
                || checked.chars().anyMatch(Character::isISOControl)) {
            throw InvalidInputException.field(
                    "channel.name", "name", "Give the channel a name of up to " + LONGEST_NAME + " characters.");
        }
        if (list(tenant).stream()
                .anyMatch(each -> each.name().equals(checked) && !each.id().equals(but))) {
            throw InvalidInputException.field(
                    "channel.name-taken", "name", "There is already a channel of this name. Choose another name.");
        }
        return checked;
    }

    @Override
    public void change(
            TenantId tenant,
            ChannelId id,
            String name,
            boolean enabled,
            Set<NotificationKind> kinds,
            @Nullable Long expectedVersion) {
        Channel before = get(tenant, id);
        StaleVersionException.check("channel", expectedVersion, before.version());
        jdbc.sql("""
                        update notification_channel set name = :name, enabled = :enabled, kinds = :kinds, version = version + 1
                        where tenant_id = :tenant and id = :id
                        """)
                .param("name", checkName(tenant, name, id))
                .param("enabled", enabled)
                .param("kinds", kinds.stream().map(Enum::name).toArray(String[]::new))
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
        audit.record(
                tenant,
                AuditEntry.of("notification-channel.changed", "notification-channel", id.value(), before.name())
                        .before(Map.of("enabled", before.enabled(), "kinds", before.kinds()))
                        .after(Map.of("enabled", enabled, "kinds", kinds)));
    }

    @Override
    public void delete(TenantId tenant, ChannelId id) {
        Channel channel = get(tenant, id);
        jdbc.sql("delete from notification_channel where tenant_id = :tenant and id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
        audit.record(
                tenant,
                AuditEntry.of("notification-channel.deleted", "notification-channel", id.value(), channel.name()));
    }

    @Override
    public DeliveryId test(TenantId tenant, ChannelId id) {
        Channel channel = get(tenant, id);
        UUID notification = ids.next();
        jdbc.sql("""
                        insert into notification (id, tenant_id, kind, title, message, path, created_at)
                        values (:id, :tenant, 'TEST', :title, :message, '/settings/notifications', :now)
                        """)
                .param("id", notification)
                .param("tenant", tenant.value())
                .param("title", "Test of the channel " + channel.name())
                .param("message", "If you read this, the channel works. There is nothing to do.")
                .param("now", now())
                .update();
        return new DeliveryId(announcements.deliver(jdbc, tenant, id.value(), notification));
    }

    @Override
    @Transactional(readOnly = true)
    public KeysetPage<Delivery> deliveries(TenantId tenant, ChannelId id, @Nullable DeliveryId after, int limit) {
        get(tenant, id);
        List<Delivery> rows = jdbc.sql("""
                        select d.*, n.kind, n.title from notification_delivery d
                        join notification n on n.id = d.notification_id
                        where d.tenant_id = :tenant and d.channel_id = :channel and (:first or d.id < :after)
                        order by d.id desc limit :limit
                        """)
                .param("tenant", tenant.value())
                .param("channel", id.value())
                .param("first", after == null)
                .param("after", after == null ? null : after.value(), java.sql.Types.OTHER)
                .param("limit", limit + 1)
                .query((row, number) -> delivery(row))
                .list();
        return KeysetPage.of(rows, limit, last -> last.id().toString());
    }

    private static Delivery delivery(ResultSet row) throws SQLException {
        Delivery.State state = Delivery.State.valueOf(row.getString("state"));
        return new Delivery(
                new DeliveryId(row.getObject("id", UUID.class)),
                new NotificationId(row.getObject("notification_id", UUID.class)),
                NotificationKind.valueOf(row.getString("kind")),
                row.getString("title"),
                state,
                row.getInt("attempts"),
                state == Delivery.State.WAITING ? instant(row, "next_attempt_at") : null,
                row.getObject("status_code", Integer.class),
                row.getString("error"),
                row.getString("answer"),
                row.getObject("took_millis", Long.class),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                instant(row, "finished_at"));
    }

    @Override
    public DeliveryId redeliver(TenantId tenant, ChannelId id, DeliveryId delivery) {
        UUID notification = jdbc.sql("""
                        select notification_id from notification_delivery
                        where tenant_id = :tenant and channel_id = :channel and id = :id
                        """)
                .param("tenant", tenant.value())
                .param("channel", id.value())
                .param("id", delivery.value())
                .query(UUID.class)
                .optional()
                .orElseThrow(() -> new NotFoundException("The channel has no such delivery."));
        return new DeliveryId(announcements.deliver(jdbc, tenant, id.value(), notification));
    }

    @Override
    @Transactional(readOnly = true)
    public List<Recipient> recipients(TenantId tenant) {
        return jdbc.sql("""
                        select a.id, a.email, a.display_name from member m join account a on a.id = m.account_id
                        where m.tenant_id = :tenant and not a.disabled order by a.email
                        """)
                .param("tenant", tenant.value())
                .query((row, number) -> new Recipient(
                        new UserId(row.getObject("id", UUID.class)),
                        row.getString("email"),
                        row.getString("display_name")))
                .list();
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
