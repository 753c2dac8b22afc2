package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.desired.DesiredNetwork;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRemoteNic;
import cloud.freehold.api.desired.DesiredRouter;
import cloud.freehold.api.desired.DesiredUplink;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The NICs of a host's VMs, the networks that they are in, the routers that join those, and the ways outside. */
final class DesiredNetworking {

    private static final int NAT_PORTS = 1024;

    private DesiredNetworking() {}

    static List<DesiredNic> nics(HostQuery query) {
        Map<UUID, List<DesiredNic.PublicAddress>> known = publicAddresses(query);
        return query.changed(ObjectKind.NIC, """
                        select n.*, o.revision,
                               array(select host(a.ip) from address a where a.nic_id = n.id
                                     order by family(a.ip), a.ip) as addresses,
                               array(select p::text from unnest(n.allowed_address_pairs) p) as pairs,
                               array(select g.group_id from nic_security_group g where g.nic_id = n.id
                                     order by g.position, g.group_id) as groups
                        from nic n
                        """, "n.id", "order by n.id")
                .query((row, number) -> new DesiredNic(
                        row.getObject("id", UUID.class),
                        row.getLong("revision"),
                        row.getObject("tenant_id", UUID.class),
                        row.getObject("vm_id", UUID.class),
                        row.getObject("network_id", UUID.class),
                        row.getInt("device_index"),
                        row.getString("mac"),
                        list(row, "addresses", String[].class),
                        list(row, "pairs", String[].class),
                        row.getBoolean("port_security"),
                        row.getLong("incarnation"),
                        row.getInt("queue_pairs"),
                        row.getInt("connection_quota"),
                        row.getInt("established_timeout_seconds"),
                        list(row, "groups", UUID[].class),
                        known.getOrDefault(row.getObject("id", UUID.class), List.of())))
                .list();
    }

    /** Those of the external network that the NIC's router leads to: the floating one first, then the shared one's ports. */
    private static Map<UUID, List<DesiredNic.PublicAddress>> publicAddresses(HostQuery query) {
        Map<UUID, List<DesiredNic.PublicAddress>> known = new HashMap<>();
        query.changed(
                        ObjectKind.NIC,
                        """
                        select k.nic_id, host(k.ip) as ip, k.inside, k.first_port from (
                            select p.nic_id, p.ip, p.external_network_id, 0 as first_port,
                                   (select host(min(a.ip)) from address a where a.nic_id = p.nic_id and family(a.ip) = 4) as inside
                            from public_address p where p.nic_id is not null
                            union all
                            select b.nic_id, p.ip, p.external_network_id, b.first_port, null
                            from nat_block b join public_address p on p.id = b.public_address_id) k
                        join nic n on n.id = k.nic_id
                        join router_network x on x.network_id = n.network_id
                        join router r on r.id = x.router_id and r.external_network_id = k.external_network_id
                        """,
                        "k.nic_id",
                        "where k.inside is not null or k.first_port > 0 order by k.first_port")
                .query(row -> {
                    int firstPort = row.getInt("first_port");
                    known.computeIfAbsent(row.getObject("nic_id", UUID.class), nic -> new ArrayList<>())
                            .add(new DesiredNic.PublicAddress(
                                    row.getString("ip"),
                                    row.getString("inside"),
                                    firstPort,
                                    firstPort == 0 ? 0 : firstPort + NAT_PORTS - 1));
                });
        return known;
    }

    static List<DesiredNetwork> networks(HostQuery query) {
        Map<UUID, List<DesiredNetwork.Subnet>> subnets = new HashMap<>();
        query.changed(ObjectKind.NETWORK, """
                        select s.network_id, s.prefix::text as prefix, host(s.gateway) as gateway, s.dhcp,
                               array(select host(d) from unnest(s.dns_servers) d) as dns
                        from subnet s
                        """, "s.network_id", "order by family(s.prefix), s.prefix")
                .query(row -> {
                    subnets.computeIfAbsent(row.getObject("network_id", UUID.class), network -> new ArrayList<>())
                            .add(new DesiredNetwork.Subnet(
                                    row.getString("prefix"),
                                    row.getString("gateway"),
                                    list(row, "dns", String[].class),
                                    row.getBoolean("dhcp")));
                });
        List<DesiredNetwork> networks = new ArrayList<>(externalNetworks(query));
        networks.addAll(query.changed(ObjectKind.NETWORK, """
                        select n.*, o.revision,
                               (select u.id from uplink u join host h on h.name = u.host_name
                                where h.id = :host and u.tunnel_address is not null) as tunnel
                        from network n
                        """, "n.id", "order by n.id")
                .query((row, number) -> {
                    UUID id = row.getObject("id", UUID.class);
                    return new DesiredNetwork(
                            id,
                            row.getLong("revision"),
                            row.getObject("tenant_id", UUID.class),
                            row.getInt("vni"),
                            row.getInt("mtu"),
                            row.getString("gateway_mac"),
                            subnets.getOrDefault(id, List.of()),
                            tunnels(row.getObject("tunnel", UUID.class)),
                            false);
                })
                .list());
        return networks;
    }

    private static DesiredNetwork.@Nullable Transport tunnels(@Nullable UUID uplink) {
        return uplink == null ? null : new DesiredNetwork.Transport(DesiredNetwork.Transport.Kind.VXLAN, uplink, 0, 0);
    }

    private static List<DesiredNetwork> externalNetworks(HostQuery query) {
        return query.changed(ObjectKind.NETWORK, """
                        select e.*, e.prefix::text as range, host(e.gateway) as router, l.uplink_id, l.vlan, o.revision
                        from external_network e join external_link l on l.external_network_id = e.id
                        join uplink u on u.id = l.uplink_id join host h on h.id = :host and h.name = u.host_name
                        """, "e.id", "order by e.id")
                .query((row, number) -> new DesiredNetwork(
                        row.getObject("id", UUID.class),
                        row.getLong("revision"),
                        null,
                        row.getInt("vni"),
                        row.getInt("mtu"),
                        null,
                        List.of(new DesiredNetwork.Subnet(
                                row.getString("range"), row.getString("router"), List.of(), false)),
                        new DesiredNetwork.Transport(
                                DesiredNetwork.Transport.Kind.VLAN,
                                row.getObject("uplink_id", UUID.class),
                                row.getInt("vlan"),
                                0),
                        true))
                .list();
    }

    /** Where to find the NICs on other hosts. An address that a NIC may have beside its own is found there, too. */
    static List<DesiredRemoteNic> remoteNics(HostQuery query) {
        return query.changed(ObjectKind.REMOTE_NIC, """
                        select n.id, n.tenant_id, n.network_id, n.mac::text as mac, host(u.tunnel_address) as tunnel,
                               o.revision,
                               array(select host(k.ip) from (
                                         select a.ip from address a where a.nic_id = n.id
                                         union
                                         select p::inet from unnest(n.allowed_address_pairs) p
                                         where masklen(p) = case family(p) when 4 then 32 else 128 end) k
                                     order by family(k.ip), k.ip) as addresses
                        from nic n join vm v on v.id = n.vm_id join host h on h.id = v.host_id
                        join uplink u on u.host_name = h.name and u.tunnel_address is not null
                        """, "n.id", "order by n.id")
                .query((row, number) -> new DesiredRemoteNic(
                        row.getObject("id", UUID.class),
                        row.getLong("revision"),
                        row.getObject("tenant_id", UUID.class),
                        row.getObject("network_id", UUID.class),
                        row.getString("mac"),
                        list(row, "addresses", String[].class),
                        row.getString("tunnel")))
                .list();
    }

    static List<DesiredUplink> uplinks(HostQuery query) {
        return query.changed(ObjectKind.UPLINK, """
                        select u.id, u.device, u.tunnel_vlan, u.tunnel_address::text as address,
                               host(u.tunnel_gateway) as gateway, o.revision
                        from uplink u
                        """, "u.id", "order by u.id")
                .query((row, number) -> new DesiredUplink(
                        row.getObject("id", UUID.class),
                        row.getLong("revision"),
                        row.getString("device"),
                        0,
                        row.getInt("tunnel_vlan"),
                        row.getString("address"),
                        row.getString("gateway"),
                        null))
                .list();
    }

    static List<DesiredRouter> routers(HostQuery query) {
        Map<UUID, List<DesiredRouter.Route>> routes = new HashMap<>();
        query.changed(ObjectKind.ROUTER, "select r.* from router_route r", "r.router_id", "order by r.prefix")
                .query(row -> {
                    routes.computeIfAbsent(row.getObject("router_id", UUID.class), router -> new ArrayList<>())
                            .add(new DesiredRouter.Route(row.getString("prefix"), row.getString("next_hop")));
                });
        return query.changed(ObjectKind.ROUTER, """
                        select r.*, o.revision,
                               array(select x.network_id from router_network x where x.router_id = r.id
                                     order by x.network_id) as networks,
                               (select e.object_id from host_object e where e.host_id = :host and e.kind = 'NETWORK'
                                   and e.object_id = r.external_network_id and not e.removed) as outside
                        from router r
                        """, "r.id", "order by r.id")
                .query((row, number) -> {
                    UUID id = row.getObject("id", UUID.class);
                    return new DesiredRouter(
                            id,
                            row.getLong("revision"),
                            row.getObject("tenant_id", UUID.class),
                            list(row, "networks", UUID[].class),
                            routes.getOrDefault(id, List.of()),
                            row.getObject("outside", UUID.class));
                })
                .list();
    }

    static <T> List<T> list(ResultSet row, String column, Class<T[]> type) throws SQLException {
        Array array = row.getArray(column);
        return array == null ? List.of() : Arrays.asList(type.cast(array.getArray()));
    }
}
