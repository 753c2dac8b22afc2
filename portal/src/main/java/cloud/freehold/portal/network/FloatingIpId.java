package cloud.freehold.portal.network;

import cloud.freehold.portal.common.Ids;
import java.io.Serializable;
import java.util.UUID;

/** A floating IP: a tenant's public address that can go from NIC to NIC. */
public record FloatingIpId(UUID value) implements Serializable {

    public static FloatingIpId of(String text) {
        return new FloatingIpId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
