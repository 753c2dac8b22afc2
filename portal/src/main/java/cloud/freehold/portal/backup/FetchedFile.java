package cloud.freehold.portal.backup;

import cloud.freehold.portal.operation.Operation;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A file, or a folder as a tar, that was asked for out of a recovery point.
 *
 * @param operation how far the host is with it
 * @param expectedBytes null: nobody knows, as of a folder
 * @param bytes that have come so far
 * @param expiresAt when it is removed at the latest
 * @param downloadedAt null: not yet
 */
public record FetchedFile(
        Operation operation,
        UUID volume,
        FilePath path,
        boolean folder,
        @Nullable Long expectedBytes,
        long bytes,
        int pieces,
        Instant expiresAt,
        @Nullable Instant downloadedAt) {

    /** Whether all of it is there to be downloaded. */
    public boolean isReady() {
        return operation.state() == cloud.freehold.portal.operation.OperationState.DONE;
    }

    /** How a browser may call it. */
    public String fileName() {
        return folder ? path.name() + ".tar" : path.name();
    }
}
