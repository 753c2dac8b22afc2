package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.NewNetwork;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

@Component
@Transactional
class StoredNetworks implements Networks {

    private static final int MOST_NETWORKS = 100;
    private static final String DEFAULT_NAME = "default";
    private static final String DEFAULT_IPV4 = "10.0.0.0/24";

    private final JdbcClient jdbc;
    private final NicAddresses addresses;
    private final TenantLock lock;
    private final AuditTrail audit;
    private final Uuid7 ids;
    private final Clock clock;

    StoredNetworks(JdbcClient jdbc, NicAddresses addresses, TenantLock lock, AuditTrail audit, Uuid7 ids, Clock clock) {
        this.jdbc = jdbc;
        this.addresses = addresses;
        this.lock = lock;
        this.audit = audit;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    @Transactional(readOnly = true)
    public List<Network> list(TenantId tenant) {
        Map<UUID, List<Network.Subnet>> subnets = new HashMap<>();
        jdbc.sql("""
                        select s.network_id, s.prefix::text as prefix, host(s.gateway) as gateway,
                               (select count(*) from address a where a.subnet_id = s.id) as used
                        from subnet s where s.tenant_id = :tenant order by family(s.prefix), s.prefix
                        """).param("tenant", tenant.value()).query(row -> {
            subnets.computeIfAbsent(row.getObject("network_id", UUID.class), id -> new ArrayList<>())
                    .add(new Network.Subnet(row.getString("prefix"), row.getString("gateway"), row.getLong("used")));
        });
        return jdbc.sql("""
                        select n.*, (select count(*) from nic where nic.network_id = n.id) as nics
                        from network n where n.tenant_id = :tenant order by n.name
                        """)
                .param("tenant", tenant.value())
                .query((row, number) -> {
                    UUID id = row.getObject("id", UUID.class);
                    return new Network(
                            new NetworkId(id),
                            row.getString("name"),
                            row.getInt("vni"),
                            row.getInt("mtu"),
                            subnets.getOrDefault(id, List.of()),
                            row.getInt("nics"),
                            row.getObject("created_at", OffsetDateTime.class).toInstant());
                })
                .list();
    }

    @Override
    @Transactional(readOnly = true)
    public Network get(TenantId tenant, NetworkId id) {
        return list(tenant).stream()
                .filter(network -> network.id().equals(id))
                .findFirst()
                .orElseThrow(StoredNetworks::notFound);
    }

    @Override
    public NetworkId provide(TenantId tenant, NewNetwork network) {
        lock.take(tenant);
        return find(tenant, network.name()).orElseGet(() -> insert(tenant, network));
    }

    @Override
    public NetworkId create(TenantId tenant, NewNetwork network) {
        lock.take(tenant);
        if (find(tenant, network.name()).isPresent()) {
            throw InvalidInputException.field(
                    "network.name-taken", "name", "There is already a network of this name. Choose another name.");
        }
        return insert(tenant, network);
    }

    @Override
    public NetworkId provideDefault(TenantId tenant) {
        lock.take(tenant);
        return jdbc.sql("select id from network where tenant_id = :tenant order by created_at, id limit 1")
                .param("tenant", tenant.value())
                .query(UUID.class)
                .optional()
                .map(NetworkId::new)
                .orElseGet(() -> insert(tenant, new NewNetwork(DEFAULT_NAME, DEFAULT_IPV4, null)));
    }

    private NetworkId insert(TenantId tenant, NewNetwork network) {
        String name = ThingNames.check("network.name", network.name());
        if (list(tenant).size() >= MOST_NETWORKS) {
            throw new CapacityException(
                    "network.too-many",
                    "A tenant has at most " + MOST_NETWORKS + " networks. Delete one that is not used.");
        }
        List<String> prefixes = new ArrayList<>();
        if (network.ipv4Prefix() != null) {
            prefixes.add(Prefixes.ipv4(network.ipv4Prefix()));
        }
        prefixes.add(network.ipv6Prefix() == null ? Prefixes.randomIpv6() : Prefixes.ipv6(network.ipv6Prefix()));
        NetworkId id = new NetworkId(ids.next());
        jdbc.sql("""
                        insert into network (id, tenant_id, name, vni, gateway_mac, created_at)
                        values (:id, :tenant, :name, nextval('network_vni'), :mac::macaddr, :now)
                        """)
                .param("id", id.value())
                .param("tenant", tenant.value())
                .param("name", name)
                .param("mac", MacAddress.random().toString())
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .update();
        for (String prefix : prefixes) {
            jdbc.sql("""
                            insert into subnet (id, tenant_id, network_id, prefix, gateway)
                            values (:id, :tenant, :network, :prefix::cidr, host(:prefix::cidr)::inet + 1)
                            """)
                    .param("id", ids.next())
                    .param("tenant", tenant.value())
                    .param("network", id.value())
                    .param("prefix", prefix)
                    .update();
        }
        audit.record(
                tenant,
                AuditEntry.of("network.created", "network", id.value(), name).after(Map.of("prefixes", prefixes)));
        return id;
    }

    @Override
    public void delete(TenantId tenant, NetworkId id) {
        lock.take(tenant);
        Network network = get(tenant, id);
        if (network.nics() > 0) {
            throw new ConflictException(
                    "network.in-use",
                    network.name() + " has " + network.nics() + " NICs. Delete their VMs first, then the network.");
        }
        routerOf(tenant, id).ifPresent(router -> {
            throw new ConflictException(
                    "network.routed",
                    "The router " + router + " leads to " + network.name() + ". Detach the network there first.");
        });
        jdbc.sql("delete from network where tenant_id = :tenant and id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
        audit.record(
                tenant,
                AuditEntry.of("network.deleted", "network", id.value(), network.name())
                        .before(Map.of("prefixes", network.prefixes())));
    }

    @Override
    public UUID plug(TenantId tenant, NetworkId network, UUID vm, int index) {
        get(tenant, network);
        UUID nic = ids.next();
        MacAddress mac = MacAddress.random();
        jdbc.sql("""
                        insert into nic (id, tenant_id, vm_id, network_id, device_index, mac, connection_quota, created_at)
                        select :id, :tenant, :vm, :network, :index, :mac::macaddr,
                               coalesce((select limit_value from quota
                                         where tenant_id = :tenant and resource = 'CONNECTIONS_PER_NIC'), 65536), :now
                        """)
                .param("id", nic)
                .param("tenant", tenant.value())
                .param("vm", vm)
                .param("network", network.value())
                .param("index", index)
                .param("mac", mac.toString())
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .update();
        addresses.allocate(tenant, network, nic, mac);
        return nic;
    }

    private Optional<String> routerOf(TenantId tenant, NetworkId id) {
        return jdbc.sql("""
                        select r.name from router r join router_network x on x.router_id = r.id
                        where x.tenant_id = :tenant and x.network_id = :id
                        """)
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query(String.class)
                .optional();
    }

    private Optional<NetworkId> find(TenantId tenant, String name) {
        return jdbc.sql("select id from network where tenant_id = :tenant and name = :name")
                .param("tenant", tenant.value())
                .param("name", name.strip())
                .query(UUID.class)
                .optional()
                .map(NetworkId::new);
    }

    private static NotFoundException notFound() {
        return new NotFoundException("There is no such network. Go to Networks and pick one from the list.");
    }
}
