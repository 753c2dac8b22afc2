package cloud.freehold.portal.network.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.hostlink.HostProgress;
import cloud.freehold.portal.hostlink.HostedObjects;
import cloud.freehold.portal.network.ExternalNetwork;
import cloud.freehold.portal.network.ExternalNetworkId;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Router;
import cloud.freehold.portal.network.Router.Hop;
import cloud.freehold.portal.network.Router.Joined;
import cloud.freehold.portal.network.RouterId;
import cloud.freehold.portal.network.RouterSpec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The tables of routers. */
@Component
class RouterRows {

    private final JdbcClient jdbc;
    private final HostedObjects hosted;

    RouterRows(JdbcClient jdbc, HostedObjects hosted) {
        this.jdbc = jdbc;
        this.hosted = hosted;
    }

    List<Router> list(TenantId tenant) {
        Map<UUID, List<Joined>> networks = networks(tenant);
        Map<UUID, List<Hop>> routes = routes(tenant);
        Map<UUID, HostProgress> progress = hosted.progress(tenant, ObjectKind.ROUTER);
        return jdbc.sql("""
                        select r.*, e.name as external_name, e.prefix::text as external_prefix,
                               array(select host(p.ip) from public_address p where p.router_id = r.id order by p.ip) as shared
                        from router r left join external_network e on e.id = r.external_network_id
                        where r.tenant_id = :tenant order by r.name
                        """)
                .param("tenant", tenant.value())
                .query((row, number) -> {
                    UUID id = row.getObject("id", UUID.class);
                    return new Router(
                            new RouterId(id),
                            row.getString("name"),
                            row.getLong("version"),
                            networks.getOrDefault(id, List.of()),
                            routes.getOrDefault(id, List.of()),
                            outside(row),
                            progress.getOrDefault(id, HostProgress.UNUSED),
                            row.getObject("created_at", OffsetDateTime.class).toInstant());
                })
                .list();
    }

    Router get(TenantId tenant, RouterId id) {
        return list(tenant).stream()
                .filter(router -> router.id().equals(id))
                .findFirst()
                .orElseThrow(() ->
                        new NotFoundException("There is no such router. Go to Routers and pick one from the list."));
    }

    private static Router.@Nullable Outside outside(ResultSet row) throws SQLException {
        UUID external = row.getObject("external_network_id", UUID.class);
        return external == null
                ? null
                : new Router.Outside(
                        new ExternalNetwork(
                                new ExternalNetworkId(external),
                                row.getString("external_name"),
                                row.getString("external_prefix")),
                        row.getBoolean("source_nat"),
                        NetworkRows.texts(row, "shared"));
    }

    private Map<UUID, List<Joined>> networks(TenantId tenant) {
        Map<UUID, List<Joined>> networks = new HashMap<>();
        jdbc.sql("""
                        select x.router_id, n.id, n.name,
                               array(select s.prefix::text from subnet s where s.network_id = n.id
                                     order by family(s.prefix), s.prefix) as prefixes,
                               array(select host(s.gateway) from subnet s where s.network_id = n.id
                                     order by family(s.prefix), s.prefix) as gateways,
                               (select count(*) from nic c join vm v on v.id = c.vm_id and v.deleting_since is null
                                where c.network_id = n.id) as nics
                        from router_network x join network n on n.id = x.network_id
                        where x.tenant_id = :tenant order by n.name
                        """).param("tenant", tenant.value()).query(row -> {
            networks.computeIfAbsent(row.getObject("router_id", UUID.class), router -> new ArrayList<>())
                    .add(joined(row));
        });
        return networks;
    }

    private static Joined joined(ResultSet row) throws SQLException {
        return new Joined(
                new NetworkId(row.getObject("id", UUID.class)),
                row.getString("name"),
                NetworkRows.texts(row, "prefixes"),
                NetworkRows.texts(row, "gateways"),
                row.getInt("nics"));
    }

    private Map<UUID, List<Hop>> routes(TenantId tenant) {
        Map<UUID, List<Hop>> routes = new HashMap<>();
        jdbc.sql("""
                        select r.router_id, r.prefix::text as prefix, host(r.next_hop) as next_hop, n.name,
                               exists (select from address a where a.network_id = n.id and a.ip = r.next_hop) as held
                        from router_route r
                        join router_network x on x.router_id = r.router_id
                        join network n on n.id = x.network_id
                        where r.tenant_id = :tenant
                          and exists (select from subnet s where s.network_id = n.id and r.next_hop << s.prefix)
                        order by family(r.prefix), r.prefix
                        """).param("tenant", tenant.value()).query(row -> {
            routes.computeIfAbsent(row.getObject("router_id", UUID.class), router -> new ArrayList<>())
                    .add(new Hop(
                            row.getString("prefix"),
                            row.getString("next_hop"),
                            row.getString("name"),
                            row.getBoolean("held")));
        });
        return routes;
    }

    /** Also those whose next hop is in no network of the router any more. */
    List<RouterSpec.Route> storedRoutes(TenantId tenant, RouterId id) {
        return jdbc.sql("""
                        select prefix::text as prefix, host(next_hop) as next_hop from router_route
                        where tenant_id = :tenant and router_id = :id order by family(prefix), prefix
                        """)
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query((row, number) -> new RouterSpec.Route(row.getString("prefix"), row.getString("next_hop")))
                .list();
    }

    Optional<RouterId> named(TenantId tenant, String name) {
        return jdbc.sql("select id from router where tenant_id = :tenant and name = :name")
                .param("tenant", tenant.value())
                .param("name", name)
                .query(UUID.class)
                .optional()
                .map(RouterId::new);
    }

    void insert(TenantId tenant, RouterId id, RouterSpec spec, Instant now) {
        jdbc.sql("""
                        insert into router (id, tenant_id, name, external_network_id, source_nat, created_at)
                        values (:id, :tenant, :name, :external, :nat, :now)
                        """)
                .param("id", id.value())
                .param("tenant", tenant.value())
                .param("name", spec.name())
                .param("external", external(spec), Types.OTHER)
                .param("nat", sourceNat(spec))
                .param("now", now.atOffset(ZoneOffset.UTC))
                .update();
        insertParts(tenant, id, spec);
    }

    void update(TenantId tenant, RouterId id, RouterSpec spec) {
        jdbc.sql("""
                        update router set name = :name, external_network_id = :external, source_nat = :nat,
                               version = version + 1
                        where tenant_id = :tenant and id = :id
                        """)
                .param("name", spec.name())
                .param("external", external(spec), Types.OTHER)
                .param("nat", sourceNat(spec))
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
        for (String part : List.of("router_network", "router_route")) {
            jdbc.sql("delete from " + part + " where tenant_id = :tenant and router_id = :id")
                    .param("tenant", tenant.value())
                    .param("id", id.value())
                    .update();
        }
        insertParts(tenant, id, spec);
    }

    private static @Nullable UUID external(RouterSpec spec) {
        return spec.outside() == null ? null : spec.outside().network().value();
    }

    private static boolean sourceNat(RouterSpec spec) {
        return spec.outside() != null && spec.outside().sourceNat();
    }

    private void insertParts(TenantId tenant, RouterId id, RouterSpec spec) {
        for (NetworkId network : spec.networks()) {
            jdbc.sql("insert into router_network (tenant_id, router_id, network_id) values (:tenant, :id, :network)")
                    .param("tenant", tenant.value())
                    .param("id", id.value())
                    .param("network", network.value())
                    .update();
        }
        for (RouterSpec.Route route : spec.routes()) {
            jdbc.sql("""
                            insert into router_route (tenant_id, router_id, prefix, next_hop)
                            values (:tenant, :id, :prefix::cidr, :hop::inet)
                            """)
                    .param("tenant", tenant.value())
                    .param("id", id.value())
                    .param("prefix", route.prefix())
                    .param("hop", route.nextHop())
                    .update();
        }
    }

    void delete(TenantId tenant, RouterId id) {
        jdbc.sql("delete from router where tenant_id = :tenant and id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
    }
}
