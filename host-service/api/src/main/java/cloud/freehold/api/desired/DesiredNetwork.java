package cloud.freehold.api.desired;

import java.util.List;
import java.util.UUID;

/**
 * A tenant's L2 segment, or a network outside that routers lead to.
 *
 * @param tenantId null: an external network
 * @param vni 1 … 2^24−1
 * @param gatewayMac the MAC that the dataplane answers for the subnets' gateways; null for external networks, whose
 *     gateways are somebody else's
 * @param transport how it reaches other hosts; null: it is on this host only
 * @param external public addresses are in it, and no NICs
 */
public record DesiredNetwork(
        UUID id,
        long revision,
        UUID tenantId,
        int vni,
        int mtu,
        String gatewayMac,
        List<Subnet> subnets,
        Transport transport,
        boolean external) {

    /** A network of this host only. */
    public DesiredNetwork(
            UUID id, long revision, UUID tenantId, int vni, int mtu, String gatewayMac, List<Subnet> subnets) {
        this(id, revision, tenantId, vni, mtu, gatewayMac, subnets, null, false);
    }

    /** @param gateway null: none; {@code dhcp}: DHCPv4, or router advertisements for IPv6 */
    public record Subnet(String cidr, String gateway, List<String> dnsServers, boolean dhcp) {}

    /**
     * @param vlan VLAN and QINQ: 1–4094; VLAN of an external network also 0, untagged
     * @param outerVlan QINQ: the provider's tag, 1–4094
     */
    public record Transport(Kind kind, UUID uplinkId, int vlan, int outerVlan) {
        public enum Kind {
            /** By the VNI, to the hosts of the remote NICs. */
            VXLAN,
            VLAN,
            /** 802.1ad: a VLAN within a provider's. */
            QINQ
        }
    }
}
