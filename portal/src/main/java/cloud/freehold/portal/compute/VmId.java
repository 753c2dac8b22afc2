package cloud.freehold.portal.compute;

import cloud.freehold.portal.common.Ids;
import java.io.Serializable;
import java.util.UUID;

/** A virtual machine. */
public record VmId(UUID value) implements Serializable {

    public static VmId of(String text) {
        return new VmId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
