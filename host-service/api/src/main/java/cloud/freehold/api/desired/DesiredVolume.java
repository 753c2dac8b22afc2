package cloud.freehold.api.desired;

import java.util.UUID;

/**
 * @param index 0 is the boot volume (vda)
 * @param origin what a new volume holds
 * @param pool the host's storage pool that it lies in; null: the host's default
 */
public record DesiredVolume(UUID id, String name, int index, long sizeBytes, Origin origin, String pool) {

    public enum Origin {
        BLANK,
        /** A copy of the image's disk, grown to the size. */
        IMAGE,
        /** A {@link cloud.freehold.api.command.HostCommand.RestoreVolumes} brings it; its VM waits for that. */
        RESTORED
    }
}
