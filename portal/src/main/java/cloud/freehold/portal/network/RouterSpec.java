package cloud.freehold.portal.network;

import java.util.List;

/** What a router should be. */
public record RouterSpec(String name, List<NetworkId> networks, List<Route> routes) {

    /**
     * A static route.
     *
     * @param prefix what is reached by it
     * @param nextHop an address in one of the router's networks
     */
    public record Route(String prefix, String nextHop) {}
}
