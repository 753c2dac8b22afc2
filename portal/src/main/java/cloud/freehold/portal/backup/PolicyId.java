package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A backup policy. */
public record PolicyId(UUID value) implements Id {

    public static PolicyId of(String text) {
        return new PolicyId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
