package cloud.freehold.api.desired;

import java.util.List;
import java.util.UUID;

/**
 * @param index position in the VM (eth0 …)
 * @param mac six hex pairs with colons, lower case
 * @param addresses the NIC's IPv4 and IPv6 addresses, without prefix length
 * @param allowedAddressPairs further source prefixes, CIDR
 * @param incarnation grows when the NIC becomes another one for its peers (re-created)
 * @param connectionQuota most tracked connections
 * @param establishedTimeoutSeconds 60–432000
 * @param publicAddresses in the external network of its network's router; at most 8, a floating one before a shared one
 */
public record DesiredNic(
        UUID id,
        long revision,
        UUID tenantId,
        UUID vmId,
        UUID networkId,
        int index,
        String mac,
        List<String> addresses,
        List<String> allowedAddressPairs,
        boolean portSecurity,
        long incarnation,
        int queuePairs,
        int connectionQuota,
        int establishedTimeoutSeconds,
        List<UUID> securityGroupIds,
        List<PublicAddress> publicAddresses) {

    /** A NIC without public addresses. */
    public DesiredNic(
            UUID id,
            long revision,
            UUID tenantId,
            UUID vmId,
            UUID networkId,
            int index,
            String mac,
            List<String> addresses,
            List<String> allowedAddressPairs,
            boolean portSecurity,
            long incarnation,
            int queuePairs,
            int connectionQuota,
            int establishedTimeoutSeconds,
            List<UUID> securityGroupIds) {
        this(
                id,
                revision,
                tenantId,
                vmId,
                networkId,
                index,
                mac,
                addresses,
                allowedAddressPairs,
                portSecurity,
                incarnation,
                queuePairs,
                connectionQuota,
                establishedTimeoutSeconds,
                securityGroupIds,
                List.of());
    }

    /**
     * How the outside sees the NIC. Nobody else may have the same address, or the same ports of it.
     *
     * @param address IPv4
     * @param insideAddress one of the NIC's own: the two are one, in both directions (floating IP); null: the address is
     *     shared, for connections that the NIC opens
     * @param portMin shared: first of the NIC's ports, a multiple of 64, from 1024 on
     * @param portMax shared: last of them, one less than a multiple of 64
     */
    public record PublicAddress(String address, String insideAddress, int portMin, int portMax) {}
}
