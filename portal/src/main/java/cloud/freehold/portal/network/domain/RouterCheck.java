package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Router;
import cloud.freehold.portal.network.RouterId;
import cloud.freehold.portal.network.RouterSpec;
import cloud.freehold.portal.network.Routers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a router may be: the same conditions as the hosts', said so that people know what to do. */
final class RouterCheck {

    private final Map<NetworkId, Network> networks;
    private final List<Router> routers;

    /** @param networks all of the tenant's; {@code routers} likewise */
    RouterCheck(List<Network> networks, List<Router> routers) {
        this.networks = networks.stream().collect(Collectors.toMap(Network::id, Function.identity()));
        this.routers = routers;
    }

    /** The spec as it is saved: each network once, routes in their canonical text. */
    RouterSpec check(@Nullable RouterId id, RouterSpec wanted) {
        String name = ThingNames.check("router.name", wanted.name());
        List<NetworkId> joined = List.copyOf(new LinkedHashSet<>(wanted.networks()));
        checkNetworks(id, joined);
        return new RouterSpec(name, joined, routes(joined, wanted.routes()), wanted.outside());
    }

    private void checkNetworks(@Nullable RouterId id, List<NetworkId> joined) {
        if (joined.size() > Routers.MOST_NETWORKS) {
            throw network("A router joins at most " + Routers.MOST_NETWORKS + " networks.");
        }
        List<Network> before = new ArrayList<>();
        for (NetworkId each : joined) {
            Network network = networks.get(each);
            if (network == null) {
                throw network("There is no such network. Choose one of the list.");
            }
            ownerOf(each).filter(owner -> !owner.id().equals(id)).ifPresent(owner -> {
                throw network(network.name() + " has the router " + owner.name()
                        + " already. Detach it there first, or give that router the other networks.");
            });
            overlapping(before, network).ifPresent(other -> {
                throw network(overlap(network, other));
            });
            before.add(network);
        }
    }

    /** Without the network and the routes whose next hop is in it. */
    static RouterSpec without(RouterSpec router, Network network) {
        return new RouterSpec(
                router.name(),
                router.networks().stream()
                        .filter(each -> !each.equals(network.id()))
                        .toList(),
                router.routes().stream()
                        .filter(route -> ranges(network).stream()
                                .noneMatch(range -> IpRange.address(route.nextHop())
                                        .filter(range::contains)
                                        .isPresent()))
                        .toList(),
                router.outside());
    }

    /** The subnets of one of the router's networks are other ones now. */
    void checkAfterChange(Router router, List<RouterSpec.Route> routes) {
        try {
            checkNetworks(router.id(), router.spec().networks());
        } catch (InvalidInputException overlap) {
            throw subnet(String.valueOf(overlap.getMessage()));
        }
        try {
            routes(router.spec().networks(), routes);
        } catch (InvalidInputException lost) {
            throw subnet("A static route of the router " + router.name()
                    + " depends on this subnet or leads to it. Remove the route there first.");
        }
    }

    private static InvalidInputException subnet(String why) {
        return InvalidInputException.field("network.routed", "prefix", why);
    }

    private Optional<Router> ownerOf(NetworkId network) {
        return routers.stream()
                .filter(router -> router.networks().stream()
                        .anyMatch(joined -> joined.id().equals(network)))
                .findFirst();
    }

    /** The first of these whose subnets overlap with the network's. */
    static Optional<Network> overlapping(List<Network> others, Network network) {
        return others.stream()
                .filter(other -> !other.id().equals(network.id()))
                .filter(other -> ranges(network).stream()
                        .anyMatch(range -> ranges(other).stream().anyMatch(range::overlaps)))
                .findFirst();
    }

    private static String overlap(Network network, Network other) {
        String mine = "";
        String theirs = "";
        for (Network.Subnet subnet : network.subnets()) {
            for (Network.Subnet clash : other.subnets()) {
                if (range(subnet).overlaps(range(clash))) {
                    mine = subnet.prefix();
                    theirs = clash.prefix();
                }
            }
        }
        return network.name() + " (" + mine + ") and " + other.name() + " (" + theirs
                + ") overlap, so a router could not tell where a packet belongs. Give one of the two another subnet.";
    }

    private List<RouterSpec.Route> routes(List<NetworkId> joined, List<RouterSpec.Route> wanted) {
        if (wanted.size() > Routers.MOST_ROUTES) {
            throw route("prefix", "A router has at most " + Routers.MOST_ROUTES + " static routes.");
        }
        Set<IpRange> seen = new HashSet<>();
        List<RouterSpec.Route> routes = new ArrayList<>();
        for (RouterSpec.Route route : wanted) {
            IpRange prefix = IpRange.prefix(route.prefix().strip())
                    .orElseThrow(
                            () -> route(
                                    "prefix",
                                    "Write it as an address and a length without bits beyond it, such as 192.168.0.0/16 or ::/0."));
            IpRange hop = IpRange.address(route.nextHop().strip())
                    .orElseThrow(() -> route("nextHop", "Write an address, such as 10.0.0.9."));
            if (prefix.family() != hop.family()) {
                throw route("nextHop", "Prefix and next hop are both IPv4 or both IPv6.");
            }
            if (!seen.add(prefix)) {
                throw route(
                        "prefix", "There is a route to " + route.prefix().strip() + " already. Remove that one first.");
            }
            checkHop(joined, hop);
            checkPrefix(joined, prefix);
            routes.add(
                    new RouterSpec.Route(route.prefix().strip(), route.nextHop().strip()));
        }
        return routes;
    }

    private void checkHop(List<NetworkId> joined, IpRange hop) {
        Network.Subnet subnet = joined.stream()
                .flatMap(id -> known(id).subnets().stream())
                .filter(each -> range(each).contains(hop))
                .findFirst()
                .orElseThrow(() -> route("nextHop", "The next hop is an address in one of the router's networks."));
        if (IpRange.address(subnet.gateway()).filter(hop::equals).isPresent()) {
            throw route("nextHop", "This is the router's own address. Name the VM that forwards these packets.");
        }
    }

    private void checkPrefix(List<NetworkId> joined, IpRange prefix) {
        for (NetworkId id : joined) {
            Network network = known(id);
            if (ranges(network).contains(prefix)) {
                throw route(
                        "prefix", "This is a subnet of " + network.name() + ", which the router reaches by itself.");
            }
        }
    }

    private Network known(NetworkId id) {
        return Objects.requireNonNull(networks.get(id), "the networks were checked before");
    }

    private static List<IpRange> ranges(Network network) {
        return network.subnets().stream().map(RouterCheck::range).toList();
    }

    private static IpRange range(Network.Subnet subnet) {
        return IpRange.prefix(subnet.prefix()).orElseThrow();
    }

    private static InvalidInputException network(String why) {
        return InvalidInputException.field("router.network", "networks", why);
    }

    private static InvalidInputException route(String field, String why) {
        return InvalidInputException.field("router.route", field, why);
    }
}
