package cloud.freehold.portal.network;

import cloud.freehold.portal.common.Ids;
import java.io.Serializable;
import java.util.UUID;

/** A network outside, the provider's. */
public record ExternalNetworkId(UUID value) implements Serializable {

    public static ExternalNetworkId of(String text) {
        return new ExternalNetworkId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
