package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A restore drill that has ended. */
public record DrillId(UUID value) implements Id {

    public static DrillId of(String text) {
        return new DrillId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
