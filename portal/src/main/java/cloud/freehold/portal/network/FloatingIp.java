package cloud.freehold.portal.network;

import cloud.freehold.portal.hostlink.HostProgress;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A public address of a tenant, IPv4.
 *
 * @param version grows with each change
 * @param holder whose address it is in both directions; null: nobody's yet
 * @param progress how far the holder's host is; unused without a holder
 */
public record FloatingIp(
        FloatingIpId id,
        String address,
        ExternalNetwork network,
        long version,
        @Nullable Holder holder,
        HostProgress progress,
        Instant createdAt) {

    /**
     * A NIC with the floating IP.
     *
     * @param inside the NIC's own address that it stands for; null: the NIC has no IPv4 address
     */
    public record Holder(
            UUID nicId,
            UUID vmId,
            String vm,
            int index,
            @Nullable String inside) {

        public String name() {
            return vm + "/eth" + index;
        }
    }
}
