package cloud.freehold.portal.network.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.StaleVersionException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.Router;
import cloud.freehold.portal.network.RouterId;
import cloud.freehold.portal.network.RouterSpec;
import cloud.freehold.portal.network.Routers;
import cloud.freehold.portal.tenancy.CreatedOnce;
import cloud.freehold.portal.tenancy.TenantLock;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

@Component
@Transactional
class StoredRouters implements Routers {

    private static final int MOST_ROUTERS = 50;

    private final RouterRows rows;
    private final Borders borders;
    private final Networks networks;
    private final CreatedOnce createdOnce;
    private final TenantLock lock;
    private final HostChanges hosts;
    private final LiveEvents live;
    private final AuditTrail audit;
    private final Uuid7 ids;
    private final Clock clock;

    StoredRouters(
            RouterRows rows,
            Borders borders,
            Networks networks,
            CreatedOnce createdOnce,
            TenantLock lock,
            HostChanges hosts,
            LiveEvents live,
            AuditTrail audit,
            Uuid7 ids,
            Clock clock) {
        this.rows = rows;
        this.borders = borders;
        this.networks = networks;
        this.createdOnce = createdOnce;
        this.lock = lock;
        this.hosts = hosts;
        this.live = live;
        this.audit = audit;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    @Transactional(readOnly = true)
    public List<Router> list(TenantId tenant) {
        return rows.list(tenant);
    }

    @Override
    @Transactional(readOnly = true)
    public Router get(TenantId tenant, RouterId id) {
        return rows.get(tenant, id);
    }

    @Override
    public RouterId create(TenantId tenant, RouterSpec spec, @Nullable String idempotencyKey) {
        return new RouterId(createdOnce.once(tenant, idempotencyKey, spec, () -> insert(tenant, spec)));
    }

    private UUID insert(TenantId tenant, RouterSpec wanted) {
        List<Router> present = rows.list(tenant);
        if (present.size() >= MOST_ROUTERS) {
            throw new CapacityException(
                    "router.too-many",
                    "A tenant has at most " + MOST_ROUTERS + " routers. Delete one that is not used.");
        }
        RouterSpec spec = new RouterCheck(networks.list(tenant), present).check(null, wanted);
        borders.check(spec.outside());
        requireFree(tenant, spec.name(), null);
        RouterId id = new RouterId(ids.next());
        rows.insert(tenant, id, spec, clock.instant());
        borders.fit(tenant, id);
        tell(tenant, id, Set.of(), spec.networks());
        audit.record(
                tenant,
                AuditEntry.of("router.created", "router", id.value(), spec.name())
                        .after(state(rows.get(tenant, id))));
        return id.value();
    }

    @Override
    public void replace(TenantId tenant, RouterId id, RouterSpec spec, @Nullable Long expectedVersion) {
        change(tenant, id, expectedVersion, before -> spec);
    }

    @Override
    public void rename(TenantId tenant, RouterId id, String name, @Nullable Long expectedVersion) {
        change(tenant, id, expectedVersion, now -> now.named(name));
    }

    @Override
    public void attach(TenantId tenant, RouterId id, NetworkId network) {
        change(tenant, id, null, now -> {
            List<NetworkId> more = new ArrayList<>(now.networks());
            more.add(network);
            return now.joining(more);
        });
    }

    @Override
    public void detach(TenantId tenant, RouterId id, NetworkId network) {
        Network gone = networks.get(tenant, network);
        change(tenant, id, null, now -> RouterCheck.without(now, gone));
    }

    @Override
    public void addRoute(TenantId tenant, RouterId id, RouterSpec.Route route) {
        change(tenant, id, null, now -> {
            List<RouterSpec.Route> more = new ArrayList<>(now.routes());
            more.add(route);
            return now.routing(more);
        });
    }

    @Override
    public void removeRoute(TenantId tenant, RouterId id, String prefix) {
        change(tenant, id, null, now -> {
            List<RouterSpec.Route> left = now.routes().stream()
                    .filter(route -> !route.prefix().equals(prefix))
                    .toList();
            if (left.size() == now.routes().size()) {
                throw new NotFoundException("The router has no such route. Reload the page.");
            }
            return now.routing(left);
        });
    }

    @Override
    public void lead(TenantId tenant, RouterId id, RouterSpec.@Nullable Outside outside) {
        change(tenant, id, null, now -> now.leading(outside));
    }

    private void change(TenantId tenant, RouterId id, @Nullable Long expectedVersion, UnaryOperator<RouterSpec> by) {
        lock.take(tenant);
        Router before = find(tenant, id, expectedVersion);
        RouterSpec spec = new RouterCheck(networks.list(tenant), rows.list(tenant)).check(id, by.apply(before.spec()));
        borders.check(spec.outside());
        if (spec.equals(before.spec())) {
            return;
        }
        if (!spec.name().equals(before.name())) {
            requireFree(tenant, spec.name(), id);
        }
        rows.update(tenant, id, spec);
        Set<NetworkId> joinedBefore = new LinkedHashSet<>(before.spec().networks());
        boolean routesElsewhere = !joinedBefore.equals(new LinkedHashSet<>(spec.networks()))
                || !spec.routes().equals(before.spec().routes())
                || !Objects.equals(spec.outside(), before.spec().outside());
        if (routesElsewhere) {
            borders.fit(tenant, id);
            borders.requireNobodyStranded(tenant);
            tell(tenant, id, joinedBefore, spec.networks());
        }
        audit.record(
                tenant,
                AuditEntry.of("router.changed", "router", id.value(), spec.name())
                        .before(state(before))
                        .after(state(rows.get(tenant, id))));
    }

    @Override
    public void delete(TenantId tenant, RouterId id, @Nullable Long expectedVersion) {
        lock.take(tenant);
        Router router = find(tenant, id, expectedVersion);
        borders.forget(tenant, id);
        rows.delete(tenant, id);
        borders.requireNobodyStranded(tenant);
        tell(tenant, id, Set.copyOf(router.spec().networks()), List.of());
        audit.record(
                tenant,
                AuditEntry.of("router.deleted", "router", id.value(), router.name())
                        .before(state(router)));
    }

    @Override
    @Transactional(readOnly = true)
    public List<Candidate> candidates(TenantId tenant, RouterId id) {
        List<Network> all = networks.list(tenant);
        List<NetworkId> joined = rows.get(tenant, id).spec().networks();
        Set<NetworkId> taken = new LinkedHashSet<>();
        rows.list(tenant).forEach(router -> taken.addAll(router.spec().networks()));
        List<Network> mine =
                all.stream().filter(network -> joined.contains(network.id())).toList();
        return all.stream()
                .filter(network -> !taken.contains(network.id()))
                .map(network -> new Candidate(
                        network.id(),
                        network.name(),
                        network.prefixes(),
                        RouterCheck.overlapping(mine, network)
                                .map(Network::name)
                                .orElse(null)))
                .toList();
    }

    /** Hosts of all networks, before and after: each has to know the router and whatever it joins. */
    private void tell(TenantId tenant, RouterId id, Set<NetworkId> before, List<NetworkId> after) {
        Set<UUID> all = new LinkedHashSet<>();
        before.forEach(network -> all.add(network.value()));
        after.forEach(network -> all.add(network.value()));
        hosts.rearrangedAround(ObjectKind.NETWORK, all);
        hosts.touched(ObjectKind.ROUTER, id.value());
        live.publish(tenant, LiveTopic.NETWORKS, LiveTopic.NICS);
    }

    private Router find(TenantId tenant, RouterId id, @Nullable Long expectedVersion) {
        Router router = rows.get(tenant, id);
        StaleVersionException.check("router", expectedVersion, router.version());
        return router;
    }

    private void requireFree(TenantId tenant, String name, @Nullable RouterId except) {
        rows.named(tenant, name).filter(id -> !id.equals(except)).ifPresent(taken -> {
            throw InvalidInputException.field(
                    "router.name-taken", "name", "There is already a router of this name. Choose another name.");
        });
    }

    private static Map<String, Object> state(Router router) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("name", router.name());
        state.put(
                "networks", router.networks().stream().map(Router.Joined::name).toList());
        state.put(
                "routes",
                router.routes().stream()
                        .map(hop -> hop.prefix() + " via " + hop.nextHop())
                        .toList());
        if (router.outside() != null) {
            state.put("external network", router.outside().network().name());
            state.put("source NAT", router.outside().sourceNat());
        }
        return state;
    }
}
