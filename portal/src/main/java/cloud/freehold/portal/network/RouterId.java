package cloud.freehold.portal.network;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A router: what joins networks of one tenant. */
public record RouterId(UUID value) implements Id {

    public static RouterId of(String text) {
        return new RouterId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
