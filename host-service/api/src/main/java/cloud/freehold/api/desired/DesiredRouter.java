package cloud.freehold.api.desired;

import java.util.List;
import java.util.UUID;

/**
 * Joins networks of one tenant: a packet to the gateway of one of them is routed on the sender's host. A host that has a
 * NIC in one of the networks has the router and all of its networks.
 *
 * @param networkIds at most 32; no network is in two routers, and their subnets do not overlap
 * @param routes at most 64; the longest prefix counts
 * @param externalNetworkId where whatever no subnet and no route matches goes, for NICs that have a public address; null:
 *     nowhere
 */
public record DesiredRouter(
        UUID id, long revision, UUID tenantId, List<UUID> networkIds, List<Route> routes, UUID externalNetworkId) {

    /** @param nextHop an address in one of the router's networks, of the prefix's family */
    public record Route(String cidr, String nextHop) {}
}
