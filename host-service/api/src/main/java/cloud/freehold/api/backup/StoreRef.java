package cloud.freehold.api.backup;

import java.util.UUID;

/**
 * Where recovery points are kept.
 *
 * @param path DIRECTORY: absolute path on the host (local or mounted)
 * @param endpoint S3: https://…; with bucket, prefix and region. Its keys are in {@link CommandInput}
 */
public record StoreRef(UUID id, Kind kind, String path, String endpoint, String bucket, String prefix, String region) {

    public enum Kind {
        DIRECTORY,
        S3
    }
}
