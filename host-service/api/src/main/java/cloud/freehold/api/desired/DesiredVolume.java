package cloud.freehold.api.desired;

import java.util.UUID;

/**
 * @param index 0 is the boot volume (vda)
 * @param fromImage the volume starts as a copy of the image's disk, grown to the size
 */
public record DesiredVolume(UUID id, String name, int index, long sizeBytes, boolean fromImage) {}
