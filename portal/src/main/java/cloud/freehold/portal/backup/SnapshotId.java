package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A snapshot. */
public record SnapshotId(UUID value) implements Id {

    public static SnapshotId of(String text) {
        return new SnapshotId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
