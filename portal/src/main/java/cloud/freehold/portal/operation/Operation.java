package cloud.freehold.portal.operation;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * @param targetKind what targetId names, for example {@code vm}
 * @param percent how far it is, never going back
 * @param step what is being done right now, a few words
 * @param errorCode stable; with FAILED
 * @param errorMessage a sentence that says what happened and what to do next
 * @param deadline when it counts as failed
 * @param copied null when nothing is being copied
 * @param chain the first operation of the chain that it is a step of; its own id when it stands alone
 */
public record Operation(
        OperationId id,
        OperationKind kind,
        String targetKind,
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
        @Nullable Instant finishedAt,
        @Nullable Copied copied,
        UUID chain) {

    /**
     * @param bytes copied so far
     * @param bytesPerSecond over the last seconds; 0 when it stands still
     */
    public record Copied(long bytes, long total, long bytesPerSecond) {

        /** Null when nobody can tell. */
        public @Nullable Duration remaining() {
            return bytesPerSecond <= 0 ? null : Duration.ofSeconds((total - bytes) / bytesPerSecond);
        }
    }

    /** How long it took; null while it is open. */
    public @Nullable Duration took() {
        return finishedAt == null ? null : Duration.between(createdAt, finishedAt);
    }

    public boolean isCancellable() {
        return state.isOpen() && kind.isCancellable();
    }

    /** The page of its target, below the tenant's; null when it has none. */
    public @Nullable String targetPath() {
        return switch (targetKind) {
            case "vm" -> "/vms/" + targetId;
            case "recovery-point" -> "/backups/points/" + targetId;
            default -> null;
        };
    }
}
