package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A recovery point. */
public record PointId(UUID value) implements Id {

    public static PointId of(String text) {
        return new PointId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
