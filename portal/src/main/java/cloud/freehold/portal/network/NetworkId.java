package cloud.freehold.portal.network;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A network: one L2 segment of a tenant. */
public record NetworkId(UUID value) implements Id {

    public static NetworkId of(String text) {
        return new NetworkId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
