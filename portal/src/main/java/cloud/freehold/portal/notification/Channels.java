package cloud.freehold.portal.notification;

import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How a tenant wants to be told. */
public interface Channels {

    /** By name. */
    List<Channel> list(TenantId tenant);

    Channel get(TenantId tenant, ChannelId id);

    /** @param member who gets the e-mails; must be a member */
    ChannelId addEmail(TenantId tenant, String name, UserId member, Set<NotificationKind> kinds);

    /** @return with the secret that signs, which is shown this once */
    Added addWebhook(TenantId tenant, String name, String url, Set<NotificationKind> kinds);

    void change(
            TenantId tenant,
            ChannelId id,
            String name,
            boolean enabled,
            Set<NotificationKind> kinds,
            @Nullable Long expectedVersion);

    void delete(TenantId tenant, ChannelId id);

    /** Tells the channel that it is tested, and nobody else. */
    DeliveryId test(TenantId tenant, ChannelId id);

    /** Newest first. */
    KeysetPage<Delivery> deliveries(TenantId tenant, ChannelId id, @Nullable DeliveryId after, int limit);

    /** Delivers once more what was or was not delivered. */
    DeliveryId redeliver(TenantId tenant, ChannelId id, DeliveryId delivery);

    /** Members who can get e-mails. */
    List<Recipient> recipients(TenantId tenant);

    record Added(ChannelId id, String secret) {}

    record Recipient(UserId id, String email, String name) {}
}
