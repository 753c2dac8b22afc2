package cloud.freehold.portal.network;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A network outside, the provider's. */
public record ExternalNetworkId(UUID value) implements Id {

    public static ExternalNetworkId of(String text) {
        return new ExternalNetworkId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
