package cloud.freehold.portal.compute;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A virtual machine. */
public record VmId(UUID value) implements Id {

    public static VmId of(String text) {
        return new VmId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
