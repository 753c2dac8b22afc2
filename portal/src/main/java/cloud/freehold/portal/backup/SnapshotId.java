package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.Ids;
import java.io.Serializable;
import java.util.UUID;

/** A snapshot. */
public record SnapshotId(UUID value) implements Serializable {

    public static SnapshotId of(String text) {
        return new SnapshotId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
