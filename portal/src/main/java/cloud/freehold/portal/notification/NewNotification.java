package cloud.freehold.portal.notification;

import org.jspecify.annotations.Nullable;

/**
 * @param title such as {@code The backup of web failed}
 * @param message what happened and what to do next
 * @param path the page that shows more, below the tenant's; null for none
 * @param saidOnce telling the same thing again under this name does nothing; null: it is told each time
 */
public record NewNotification(
        NotificationKind kind,
        String title,
        String message,
        @Nullable String path,
        @Nullable String saidOnce) {}
