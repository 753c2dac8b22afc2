package cloud.freehold.portal.network;

import cloud.freehold.portal.common.Ids;
import java.io.Serializable;
import java.util.UUID;

/** A router: what joins networks of one tenant. */
public record RouterId(UUID value) implements Serializable {

    public static RouterId of(String text) {
        return new RouterId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
