package cloud.freehold.portal.network.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
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
import cloud.freehold.portal.network.NetworkNic;
import cloud.freehold.portal.network.NetworkSpec;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.NewNetwork;
import cloud.freehold.portal.network.NicSettings;
import cloud.freehold.portal.network.SubnetSpec;
import cloud.freehold.portal.tenancy.CreatedOnce;
import cloud.freehold.portal.tenancy.TenantLock;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

@Component
@Transactional
class StoredNetworks implements Networks {

    private static final int MOST_NETWORKS = 100;
    private static final String DEFAULT_NAME = "default";
    private static final String DEFAULT_IPV4 = "10.0.0.0/24";

    private final NetworkRows rows;
    private final StoredNics nics;
    private final SubnetChanges subnets;
    private final RouterTies ties;
    private final CreatedOnce createdOnce;
    private final TenantLock lock;
    private final HostChanges hosts;
    private final LiveEvents live;
    private final AuditTrail audit;
    private final Uuid7 ids;
    private final Clock clock;

    StoredNetworks(
            NetworkRows rows,
            StoredNics nics,
            SubnetChanges subnets,
            RouterTies ties,
            CreatedOnce createdOnce,
            TenantLock lock,
            HostChanges hosts,
            LiveEvents live,
            AuditTrail audit,
            Uuid7 ids,
            Clock clock) {
        this.rows = rows;
        this.nics = nics;
        this.subnets = subnets;
        this.ties = ties;
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
    public List<Network> list(TenantId tenant) {
        return rows.list(tenant);
    }

    @Override
    @Transactional(readOnly = true)
    public Network get(TenantId tenant, NetworkId id) {
        return rows.get(tenant, id);
    }

    @Override
    @Transactional(readOnly = true)
    public List<NetworkNic> nics(TenantId tenant, NetworkId id) {
        return nics.in(tenant, id);
    }

    @Override
    public NetworkId provide(TenantId tenant, NewNetwork network) {
        lock.take(tenant);
        return rows.named(tenant, network.name().strip()).orElseGet(() -> insert(tenant, spec(network)));
    }

    @Override
    public NetworkId provideDefault(TenantId tenant) {
        lock.take(tenant);
        return rows.oldest(tenant)
                .orElseGet(() -> insert(tenant, spec(new NewNetwork(DEFAULT_NAME, DEFAULT_IPV4, null))));
    }

    @Override
    public NetworkId create(TenantId tenant, NewNetwork network, @Nullable String idempotencyKey) {
        return new NetworkId(createdOnce.once(
                tenant,
                idempotencyKey,
                network,
                () -> insert(tenant, spec(network)).value()));
    }

    @Override
    public NetworkId create(TenantId tenant, NetworkSpec spec, @Nullable String idempotencyKey) {
        return new NetworkId(createdOnce.once(
                tenant, idempotencyKey, spec, () -> insert(tenant, spec).value()));
    }

    /** The form has a field for each family, so what is wrong is said of these. */
    private static NetworkSpec spec(NewNetwork network) {
        List<SubnetSpec> subnets = new ArrayList<>();
        if (network.ipv4Prefix() != null) {
            subnets.add(subnet("ipv4Prefix", 4, network.ipv4Prefix()));
        }
        subnets.add(
                network.ipv6Prefix() == null
                        ? new SubnetSpec(Prefixes.randomIpv6(), null, List.of(), true)
                        : subnet("ipv6Prefix", 6, network.ipv6Prefix()));
        return new NetworkSpec(network.name(), subnets);
    }

    private static SubnetSpec subnet(String field, int family, String prefix) {
        if (Prefixes.check(field, prefix).family() != family) {
            throw InvalidInputException.field("network.prefix", field, "This is no IPv" + family + " prefix.");
        }
        return new SubnetSpec(prefix, null, List.of(), true);
    }

    private NetworkId insert(TenantId tenant, NetworkSpec wanted) {
        String name = ThingNames.check("network.name", wanted.name());
        requireFree(tenant, name, null);
        if (rows.list(tenant).size() >= MOST_NETWORKS) {
            throw new CapacityException(
                    "network.too-many",
                    "A tenant has at most " + MOST_NETWORKS + " networks. Delete one that is not used.");
        }
        List<SubnetSpec> checked = NetworkCheck.subnets(wanted.subnets());
        NetworkId id = new NetworkId(ids.next());
        rows.insert(tenant, id, name, clock.instant());
        checked.forEach(subnet -> rows.insertSubnet(tenant, id, ids.next(), subnet));
        live.publish(tenant, LiveTopic.NETWORKS);
        audit.record(
                tenant,
                AuditEntry.of("network.created", "network", id.value(), name).after(state(rows.get(tenant, id))));
        return id;
    }

    @Override
    public void replace(TenantId tenant, NetworkId id, NetworkSpec spec, @Nullable Long expectedVersion) {
        change(tenant, id, expectedVersion, now -> spec);
    }

    @Override
    public void rename(TenantId tenant, NetworkId id, String name) {
        change(tenant, id, null, now -> new NetworkSpec(name, now.subnets()));
    }

    @Override
    public void addSubnet(TenantId tenant, NetworkId id, SubnetSpec subnet) {
        change(tenant, id, null, now -> {
            List<SubnetSpec> more = new ArrayList<>(now.subnets());
            more.add(subnet);
            return new NetworkSpec(now.name(), more);
        });
    }

    @Override
    public void changeSubnet(TenantId tenant, NetworkId id, UUID subnet, SubnetSpec to) {
        String prefix = prefixOf(tenant, id, subnet);
        change(
                tenant,
                id,
                null,
                now -> new NetworkSpec(
                        now.name(),
                        now.subnets().stream()
                                .map(each -> each.prefix().equals(prefix)
                                        ? new SubnetSpec(prefix, to.gateway(), to.dnsServers(), to.dhcp())
                                        : each)
                                .toList()));
    }

    @Override
    public void removeSubnet(TenantId tenant, NetworkId id, UUID subnet) {
        String prefix = prefixOf(tenant, id, subnet);
        change(
                tenant,
                id,
                null,
                now -> new NetworkSpec(
                        now.name(),
                        now.subnets().stream()
                                .filter(each -> !each.prefix().equals(prefix))
                                .toList()));
    }

    private String prefixOf(TenantId tenant, NetworkId id, UUID subnet) {
        return rows.get(tenant, id).subnets().stream()
                .filter(each -> each.id().equals(subnet))
                .map(Network.Subnet::prefix)
                .findFirst()
                .orElseThrow(() -> new NotFoundException("The network has no such subnet. Reload the page."));
    }

    private void change(TenantId tenant, NetworkId id, @Nullable Long expectedVersion, UnaryOperator<NetworkSpec> by) {
        lock.take(tenant);
        Network before = find(tenant, id, expectedVersion);
        NetworkSpec wanted = by.apply(before.spec());
        String name = ThingNames.check("network.name", wanted.name());
        requireFree(tenant, name, id);
        boolean renamed = !name.equals(before.name());
        boolean rearranged = subnets.apply(tenant, before, NetworkCheck.subnets(wanted.subnets()));
        if (!renamed && !rearranged) {
            return;
        }
        rows.update(tenant, id, name);
        if (rearranged) {
            ties.check(tenant, id);
            hosts.touched(ObjectKind.NETWORK, id.value());
        }
        live.publish(tenant, LiveTopic.NETWORKS, LiveTopic.NICS);
        audit.record(
                tenant,
                AuditEntry.of("network.changed", "network", id.value(), name)
                        .before(state(before))
                        .after(state(rows.get(tenant, id))));
    }

    @Override
    public void delete(TenantId tenant, NetworkId id, boolean withNics, @Nullable Long expectedVersion) {
        lock.take(tenant);
        Network network = find(tenant, id, expectedVersion);
        List<NetworkNic> inside = nics.in(tenant, id);
        if (!withNics && (!inside.isEmpty() || network.router() != null)) {
            throw new ConflictException(
                    "network.in-use",
                    network.name() + " has " + inside.size() + (inside.size() == 1 ? " NIC" : " NICs")
                            + (network.router() == null
                                    ? ""
                                    : " and the router " + network.router().name())
                            + ". Remove those first, or say that they go along.");
        }
        ties.detach(tenant, network);
        nics.removeAll(tenant, id);
        rows.delete(tenant, id);
        live.publish(tenant, LiveTopic.NETWORKS, LiveTopic.NICS, LiveTopic.VMS);
        Map<String, Object> before = state(network);
        before.put("nics", inside.stream().map(NetworkNic::name).toList());
        audit.record(
                tenant,
                AuditEntry.of("network.deleted", "network", id.value(), network.name())
                        .before(before));
    }

    @Override
    public UUID plug(TenantId tenant, NetworkId network, UUID vm, int index) {
        rows.get(tenant, network);
        return nics.plug(tenant, network, vm, index);
    }

    @Override
    public void configure(TenantId tenant, UUID nic, NicSettings settings) {
        lock.take(tenant);
        nics.configure(tenant, nic, settings);
        live.publish(tenant, LiveTopic.NICS);
    }

    @Override
    public void unplug(TenantId tenant, UUID nic) {
        nics.unplug(tenant, nic);
    }

    private Network find(TenantId tenant, NetworkId id, @Nullable Long expectedVersion) {
        Network network = rows.get(tenant, id);
        StaleVersionException.check("network", expectedVersion, network.version());
        return network;
    }

    private void requireFree(TenantId tenant, String name, @Nullable NetworkId except) {
        rows.named(tenant, name).filter(id -> !id.equals(except)).ifPresent(taken -> {
            throw InvalidInputException.field(
                    "network.name-taken", "name", "There is already a network of this name. Choose another name.");
        });
    }

    private static Map<String, Object> state(Network network) {
        Map<String, Object> state = new java.util.LinkedHashMap<>();
        state.put("name", network.name());
        state.put(
                "subnets", network.subnets().stream().map(Network.Subnet::spec).toList());
        return state;
    }
}
