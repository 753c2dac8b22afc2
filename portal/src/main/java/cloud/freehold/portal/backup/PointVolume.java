package cloud.freehold.portal.backup;

import cloud.freehold.portal.compute.VolumeView;
import java.util.UUID;

/** A volume in a recovery point; {@code index} 0 was the boot volume. */
public record PointVolume(
        UUID volumeId, int index, String name, long sizeBytes, String root, long addedBytes, long sharedBytes) {

    /** As the guest calls it, for example {@code vda}. */
    public String device() {
        return VolumeView.device(index);
    }
}
