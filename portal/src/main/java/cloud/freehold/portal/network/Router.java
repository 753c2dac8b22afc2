package cloud.freehold.portal.network;

import cloud.freehold.portal.hostlink.HostProgress;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A router with what it joins. VMs of its networks reach each other as far as the firewall lets them.
 *
 * @param version grows with each change
 * @param outside where it leads to beyond its networks; null: nowhere
 * @param progress how far the hosts are with the last change
 */
public record Router(
        RouterId id,
        String name,
        long version,
        List<Joined> networks,
        List<Hop> routes,
        @Nullable Outside outside,
        HostProgress progress,
        Instant createdAt) {

    /** A network of it. */
    public record Joined(NetworkId id, String name, List<String> prefixes, List<String> gateways, int nics) {}

    /**
     * A static route of it.
     *
     * @param network where the next hop is
     * @param held whether a NIC has the next hop's address; without one the route leads nowhere
     */
    public record Hop(String prefix, String nextHop, String network, boolean held) {}

    /** @param addresses what NICs without a floating IP are seen by; empty without source NAT */
    public record Outside(ExternalNetwork network, boolean sourceNat, List<String> addresses) {}

    public RouterSpec spec() {
        return new RouterSpec(
                name,
                networks.stream().map(Joined::id).toList(),
                routes.stream()
                        .map(hop -> new RouterSpec.Route(hop.prefix(), hop.nextHop()))
                        .toList(),
                outside == null
                        ? null
                        : new RouterSpec.Outside(outside.network().id(), outside.sourceNat()));
    }
}
