package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.desired.DesiredNetwork;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRouter;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The NICs of a host's VMs, the networks that they are in, and the routers that join those. */
final class DesiredNetworking {

    private DesiredNetworking() {}

    static List<DesiredNic> nics(HostQuery query) {
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
                        list(row, "groups", UUID[].class)))
                .list();
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
        return query.changed(ObjectKind.NETWORK, "select n.*, o.revision from network n", "n.id", "order by n.id")
                .query((row, number) -> {
                    UUID id = row.getObject("id", UUID.class);
                    return new DesiredNetwork(
                            id,
                            row.getLong("revision"),
                            row.getObject("tenant_id", UUID.class),
                            row.getInt("vni"),
                            row.getInt("mtu"),
                            row.getString("gateway_mac"),
                            subnets.getOrDefault(id, List.of()));
                })
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
                                     order by x.network_id) as networks
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
                            null);
                })
                .list();
    }

    static <T> List<T> list(ResultSet row, String column, Class<T[]> type) throws SQLException {
        Array array = row.getArray(column);
        return array == null ? List.of() : Arrays.asList(type.cast(array.getArray()));
    }
}
