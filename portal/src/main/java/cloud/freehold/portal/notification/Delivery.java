package cloud.freehold.portal.notification;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * @param attempts so far
 * @param nextAttempt null once it has ended
 * @param statusCode what a webhook's server answered; null when it did not
 * @param answer the beginning of what it said
 */
public record Delivery(
        DeliveryId id,
        NotificationId notification,
        NotificationKind kind,
        String title,
        State state,
        int attempts,
        @Nullable Instant nextAttempt,
        @Nullable Integer statusCode,
        @Nullable String error,
        @Nullable String answer,
        @Nullable Long tookMillis,
        Instant createdAt,
        @Nullable Instant finishedAt) {

    public enum State {
        /** For its first or next attempt. */
        WAITING("pending"),
        SENDING("applying"),
        DELIVERED("done"),
        /** Given up after the last attempt. */
        FAILED("failed");

        private final String chip;

        State(String chip) {
            this.chip = chip;
        }

        public String chip() {
            return chip;
        }
    }
}
