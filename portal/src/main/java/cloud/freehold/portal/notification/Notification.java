package cloud.freehold.portal.notification;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** @param isNew the member who looks has not read it yet */
public record Notification(
        NotificationId id,
        NotificationKind kind,
        String title,
        String message,
        @Nullable String path,
        Instant createdAt,
        boolean isNew) {}
