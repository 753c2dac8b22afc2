package cloud.freehold.portal.network.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Router;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** What a change of a network means for the router that joins it with others. */
@Component
class RouterTies {

    private final RouterRows routers;
    private final NetworkRows networks;
    private final HostChanges hosts;

    RouterTies(RouterRows routers, NetworkRows networks, HostChanges hosts) {
        this.routers = routers;
        this.networks = networks;
        this.hosts = hosts;
    }

    /** After the network's subnets changed: they may overlap with another network's, or a route may have lost its way. */
    void check(TenantId tenant, NetworkId network) {
        List<Router> all = routers.list(tenant);
        find(all, network).ifPresent(router -> {
            new RouterCheck(networks.list(tenant), all)
                    .checkAfterChange(router, routers.storedRoutes(tenant, router.id()));
            hosts.touched(ObjectKind.ROUTER, router.id().value());
        });
    }

    /** Takes the network, and the routes through it, from its router. */
    void detach(TenantId tenant, Network network) {
        find(routers.list(tenant), network.id()).ifPresent(router -> {
            routers.update(tenant, router.id(), RouterCheck.without(router.spec(), network));
            hosts.rearrangedAround(
                    ObjectKind.NETWORK,
                    router.networks().stream()
                            .map(joined -> joined.id().value())
                            .toList());
            hosts.touched(ObjectKind.ROUTER, router.id().value());
        });
    }

    private static Optional<Router> find(List<Router> routers, NetworkId network) {
        return routers.stream()
                .filter(router -> router.spec().networks().contains(network))
                .findFirst();
    }
}
