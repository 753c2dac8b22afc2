package cloud.freehold.portal.notification.delivery;

import cloud.freehold.portal.notification.ChannelId;
import cloud.freehold.portal.notification.DeliveryId;
import cloud.freehold.portal.notification.NotificationKind;
import cloud.freehold.portal.secrets.Wrapped;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A delivery with all that it takes to send it.
 *
 * @param email null for a webhook
 * @param path the page that shows more, from the portal's root; null for none
 */
record Letter(
        DeliveryId id,
        ChannelId channel,
        int attempt,
        NotificationKind kind,
        String title,
        String message,
        @Nullable String path,
        String tenantSlug,
        String tenantName,
        Instant at,
        @Nullable String email,
        @Nullable String url,
        @Nullable Wrapped secret) {}
