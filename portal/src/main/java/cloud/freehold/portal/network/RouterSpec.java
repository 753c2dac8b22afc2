package cloud.freehold.portal.network;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a router should be.
 *
 * @param outside where it leads to beyond the tenant's networks; null: nowhere
 */
public record RouterSpec(
        String name,
        List<NetworkId> networks,
        List<Route> routes,
        @Nullable Outside outside) {

    /** A router between networks alone. */
    public RouterSpec(String name, List<NetworkId> networks, List<Route> routes) {
        this(name, networks, routes, null);
    }

    /**
     * A static route.
     *
     * @param prefix what is reached by it
     * @param nextHop an address in one of the router's networks
     */
    public record Route(String prefix, String nextHop) {}

    /** @param sourceNat whether NICs without a floating IP can open connections to there, by a shared address */
    public record Outside(ExternalNetworkId network, boolean sourceNat) {}

    public RouterSpec named(String other) {
        return new RouterSpec(other, networks, routes, outside);
    }

    public RouterSpec joining(List<NetworkId> others) {
        return new RouterSpec(name, others, routes, outside);
    }

    public RouterSpec routing(List<Route> others) {
        return new RouterSpec(name, networks, others, outside);
    }

    public RouterSpec leading(@Nullable Outside other) {
        return new RouterSpec(name, networks, routes, other);
    }
}
