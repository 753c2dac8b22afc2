package cloud.freehold.portal.notification;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * @param kinds what it tells of; empty: everything
 * @param email the member's address; null for a webhook
 * @param url null for e-mail
 * @param lastFailed the latest delivery did not arrive
 */
public record Channel(
        ChannelId id,
        Type type,
        String name,
        boolean enabled,
        Set<NotificationKind> kinds,
        @Nullable String email,
        @Nullable String url,
        @Nullable Instant lastDelivered,
        boolean lastFailed,
        long version) {

    public enum Type {
        EMAIL,
        WEBHOOK
    }

    public String target() {
        return email != null ? email : url == null ? "" : url;
    }
}
