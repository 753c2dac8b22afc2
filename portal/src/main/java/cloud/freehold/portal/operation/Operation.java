package cloud.freehold.portal.operation;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * @param percent how far it is, never going back
 * @param step what is being done right now, a few words
 * @param errorCode stable; with FAILED
 * @param errorMessage a sentence that says what happened and what to do next
 * @param deadline when it counts as failed
 */
public record Operation(
        OperationId id,
        OperationKind kind,
        UUID targetId,
        String targetName,
        OperationState state,
        int percent,
        String step,
        @Nullable String errorCode,
        @Nullable String errorMessage,
        String requestedByName,
        Instant deadline,
        Instant createdAt,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt) {

    /** How long it took; null while it is open. */
    public @Nullable Duration took() {
        return finishedAt == null ? null : Duration.between(createdAt, finishedAt);
    }
}
