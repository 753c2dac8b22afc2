package cloud.freehold.api.backup;

import java.util.UUID;

/**
 * A volume at a point in time.
 *
 * @param root names the index in the store; opaque, at most 200 printable ASCII characters
 */
public record VolumeRoot(UUID volumeId, String root, long sizeBytes) {}
