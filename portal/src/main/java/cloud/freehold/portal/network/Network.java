package cloud.freehold.portal.network;

import cloud.freehold.portal.hostlink.HostProgress;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A network as pages and the API show it.
 *
 * @param version grows with each change
 * @param vni its number on the wire
 * @param router that joins it with others; null: none
 * @param nics how many NICs are in it
 * @param progress how far the hosts are with the last change
 */
public record Network(
        NetworkId id,
        String name,
        long version,
        int vni,
        int mtu,
        List<Subnet> subnets,
        @Nullable RouterName router,
        int nics,
        HostProgress progress,
        Instant createdAt) {

    public record RouterName(RouterId id, String name) {}

    /**
     * @param gateway what the dataplane answers for
     * @param dhcp whether guests are told their addresses (DHCPv4, router advertisements)
     * @param used addresses that NICs have
     * @param size addresses that NICs can have; null: more than anybody counts
     */
    public record Subnet(
            UUID id,
            String prefix,
            String gateway,
            List<String> dnsServers,
            boolean dhcp,
            long used,
            @Nullable Long size) {

        public boolean isIpv6() {
            return prefix.contains(":");
        }

        public String family() {
            return isIpv6() ? "IPv6" : "IPv4";
        }

        public SubnetSpec spec() {
            return new SubnetSpec(prefix, gateway, dnsServers, dhcp);
        }
    }

    public String prefixes() {
        return String.join(", ", subnets.stream().map(Subnet::prefix).toList());
    }

    public NetworkSpec spec() {
        return new NetworkSpec(name, subnets.stream().map(Subnet::spec).toList());
    }
}
