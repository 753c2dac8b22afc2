package cloud.freehold.portal.network;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A floating IP: a tenant's public address that can go from NIC to NIC. */
public record FloatingIpId(UUID value) implements Id {

    public static FloatingIpId of(String text) {
        return new FloatingIpId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
