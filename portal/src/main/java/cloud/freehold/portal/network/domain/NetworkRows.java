package cloud.freehold.portal.network.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.hostlink.HostProgress;
import cloud.freehold.portal.hostlink.HostedObjects;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.Network.RouterName;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.RouterId;
import cloud.freehold.portal.network.SubnetSpec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The tables of networks and subnets. */
@Component
class NetworkRows {

    private final JdbcClient jdbc;
    private final HostedObjects hosted;

    NetworkRows(JdbcClient jdbc, HostedObjects hosted) {
        this.jdbc = jdbc;
        this.hosted = hosted;
    }

    List<Network> list(TenantId tenant) {
        Map<UUID, List<Network.Subnet>> subnets = subnets(tenant);
        Map<UUID, HostProgress> progress = hosted.progress(tenant, ObjectKind.NETWORK);
        return jdbc.sql("""
                        select n.*, r.id as router_id, r.name as router_name,
                               (select count(*) from nic c join vm v on v.id = c.vm_id and v.deleting_since is null
                                where c.network_id = n.id) as nics
                        from network n
                        left join router_network x on x.network_id = n.id
                        left join router r on r.id = x.router_id
                        where n.tenant_id = :tenant order by n.name
                        """)
                .param("tenant", tenant.value())
                .query((row, number) -> {
                    UUID id = row.getObject("id", UUID.class);
                    return new Network(
                            new NetworkId(id),
                            row.getString("name"),
                            row.getLong("version"),
                            row.getInt("vni"),
                            row.getInt("mtu"),
                            subnets.getOrDefault(id, List.of()),
                            router(row),
                            row.getInt("nics"),
                            progress.getOrDefault(id, HostProgress.UNUSED),
                            row.getObject("created_at", OffsetDateTime.class).toInstant());
                })
                .list();
    }

    private static @Nullable RouterName router(ResultSet row) throws SQLException {
        UUID id = row.getObject("router_id", UUID.class);
        return id == null ? null : new RouterName(new RouterId(id), row.getString("router_name"));
    }

    private Map<UUID, List<Network.Subnet>> subnets(TenantId tenant) {
        Map<UUID, List<Network.Subnet>> subnets = new HashMap<>();
        jdbc.sql("""
                        select s.*, s.prefix::text as range, host(s.gateway) as router,
                               array(select host(d.server) from unnest(s.dns_servers) with ordinality d (server, place)
                                     order by d.place) as dns,
                               (select count(*) from address a where a.subnet_id = s.id) as used
                        from subnet s where s.tenant_id = :tenant order by family(s.prefix), s.prefix
                        """).param("tenant", tenant.value()).query(row -> {
            subnets.computeIfAbsent(row.getObject("network_id", UUID.class), network -> new ArrayList<>())
                    .add(subnet(row));
        });
        return subnets;
    }

    private static Network.Subnet subnet(ResultSet row) throws SQLException {
        String prefix = row.getString("range");
        return new Network.Subnet(
                row.getObject("id", UUID.class),
                prefix,
                row.getString("router"),
                texts(row, "dns"),
                row.getBoolean("dhcp"),
                row.getLong("used"),
                Prefixes.size(IpRange.prefix(prefix).orElseThrow()));
    }

    static List<String> texts(ResultSet row, String column) throws SQLException {
        return Arrays.asList((String[]) row.getArray(column).getArray());
    }

    Network get(TenantId tenant, NetworkId id) {
        return list(tenant).stream()
                .filter(network -> network.id().equals(id))
                .findFirst()
                .orElseThrow(() ->
                        new NotFoundException("There is no such network. Go to Networks and pick one from the list."));
    }

    Optional<NetworkId> named(TenantId tenant, String name) {
        return one("select id from network where tenant_id = :tenant and name = :name", tenant, name);
    }

    Optional<NetworkId> oldest(TenantId tenant) {
        return one("select id from network where tenant_id = :tenant order by created_at, id limit 1", tenant, null);
    }

    private Optional<NetworkId> one(String query, TenantId tenant, @Nullable String name) {
        return jdbc.sql(query)
                .param("tenant", tenant.value())
                .param("name", name)
                .query(UUID.class)
                .optional()
                .map(NetworkId::new);
    }

    void insert(TenantId tenant, NetworkId id, String name, Instant now) {
        jdbc.sql("""
                        insert into network (id, tenant_id, name, vni, gateway_mac, created_at)
                        values (:id, :tenant, :name, nextval('network_vni'), :mac::macaddr, :now)
                        """)
                .param("id", id.value())
                .param("tenant", tenant.value())
                .param("name", name)
                .param("mac", MacAddress.random().toString())
                .param("now", now.atOffset(ZoneOffset.UTC))
                .update();
    }

    void update(TenantId tenant, NetworkId id, String name) {
        jdbc.sql("update network set name = :name, version = version + 1 where tenant_id = :tenant and id = :id")
                .param("name", name)
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
    }

    /** Addresses in its subnets go first; NICs must be gone. */
    void delete(TenantId tenant, NetworkId id) {
        jdbc.sql("delete from network where tenant_id = :tenant and id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
    }

    /** @param spec with its gateway */
    void insertSubnet(TenantId tenant, NetworkId network, UUID id, SubnetSpec spec) {
        jdbc.sql("""
                        insert into subnet (id, tenant_id, network_id, prefix, gateway, dns_servers, dhcp)
                        values (:id, :tenant, :network, :prefix::cidr, :gateway::inet, :dns::inet[], :dhcp)
                        """)
                .param("id", id)
                .param("tenant", tenant.value())
                .param("network", network.value())
                .param("prefix", spec.prefix())
                .param("gateway", spec.gateway())
                .param("dns", spec.dnsServers().toArray(String[]::new))
                .param("dhcp", spec.dhcp())
                .update();
    }

    void updateSubnet(TenantId tenant, UUID id, SubnetSpec spec) {
        jdbc.sql("""
                        update subnet set gateway = :gateway::inet, dns_servers = :dns::inet[], dhcp = :dhcp
                        where tenant_id = :tenant and id = :id
                        """)
                .param("gateway", spec.gateway())
                .param("dns", spec.dnsServers().toArray(String[]::new))
                .param("dhcp", spec.dhcp())
                .param("tenant", tenant.value())
                .param("id", id)
                .update();
    }

    void deleteSubnet(TenantId tenant, UUID id) {
        for (String table : List.of("address where subnet_id", "subnet where id")) {
            jdbc.sql("delete from " + table + " = :id and tenant_id = :tenant")
                    .param("id", id)
                    .param("tenant", tenant.value())
                    .update();
        }
    }
}
