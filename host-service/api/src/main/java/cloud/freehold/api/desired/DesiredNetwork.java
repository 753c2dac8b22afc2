package cloud.freehold.api.desired;

import java.util.List;
import java.util.UUID;

/**
 * A tenant's L2 segment.
 *
 * @param vni 1 … 2^24−1
 * @param gatewayMac the MAC that the dataplane answers for the subnets' gateways
 */
public record DesiredNetwork(
        UUID id, long revision, UUID tenantId, int vni, int mtu, String gatewayMac, List<Subnet> subnets) {

    /** @param gateway null: none; {@code dhcp}: DHCPv4, or router advertisements for IPv6 */
    public record Subnet(String cidr, String gateway, List<String> dnsServers, boolean dhcp) {}
}
