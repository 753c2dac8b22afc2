package cloud.freehold.portal.network.provider;

import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.network.provider.ExternalProperties.Outside;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.core.annotation.Order;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Makes the rows of external networks and uplinks what the settings say, at each start, and tells the hosts when that
 * changed something. A network that the settings no longer name goes when nobody uses it any more.
 */
@Component
@Order(0)
@EnableConfigurationProperties(ExternalProperties.class)
class ExternalNetworkSetup implements ApplicationRunner {

    private static final Logger log = LoggerFactory.getLogger(ExternalNetworkSetup.class);

    private static final String PRESENT = """
            select coalesce(string_agg(t::text, ' ' order by t::text), '') from (
                select e.name, e.prefix, e.gateway, e.mtu, u.host_name, u.device, l.vlan
                from external_network e left join external_link l on l.external_network_id = e.id
                left join uplink u on u.id = l.uplink_id) t
            """;

    private final ExternalProperties properties;
    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final Uuid7 ids;
    private final Clock clock;

    ExternalNetworkSetup(
            ExternalProperties properties,
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate transaction,
            Uuid7 ids,
            Clock clock) {
        this.properties = properties;
        this.system = system;
        this.transaction = transaction;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    public void run(ApplicationArguments arguments) {
        apply(properties.networks());
    }

    void apply(List<Outside> networks) {
        transaction.executeWithoutResult(status -> {
            // Portals may start together.
            system.sql("select pg_advisory_xact_lock(hashtextextended('external-networks', 0))")
                    .query((row, number) -> number)
                    .list();
            String before = one(PRESENT);
            system.sql("delete from external_link").update();
            networks.forEach(this::put);
            remove(networks.stream().map(Outside::name).toList());
            if (!before.equals(one(PRESENT))) {
                tellHosts();
            }
        });
    }

    private String one(String sql) {
        return system.sql(sql).query(String.class).single();
    }

    private void put(Outside outside) {
        UUID id;
        try {
            id = putNetwork(outside);
        } catch (DataAccessException e) {
            throw new IllegalStateException(
                    "The setting freehold.external.networks of " + outside.name() + " is wrong: "
                            + e.getMostSpecificCause().getMessage(),
                    e);
        }
        outside.uplinks().forEach((host, device) -> {
            system.sql("insert into uplink (id, host_name, device) values (:id, :host, :device) on conflict do nothing")
                    .param("id", ids.next())
                    .param("host", host)
                    .param("device", device)
                    .update();
            system.sql("""
                            insert into external_link (external_network_id, uplink_id, vlan)
                            select :network, id, :vlan from uplink where host_name = :host and device = :device
                            """)
                    .param("network", id)
                    .param("vlan", outside.vlan())
                    .param("host", host)
                    .param("device", device)
                    .update();
        });
    }

    private UUID putNetwork(Outside outside) {
        return system.sql("""
                        insert into external_network as e
                            (id, name, vni, mtu, prefix, gateway, first_address, last_address, created_at)
                        values (:id, :name, nextval('network_vni'), :mtu, :prefix::cidr, :gateway::inet, :first::inet,
                                :last::inet, :now)
                        on conflict (name) do update set mtu = excluded.mtu, prefix = excluded.prefix,
                            gateway = excluded.gateway, first_address = excluded.first_address,
                            last_address = excluded.last_address
                        returning e.id
                        """)
                .param("id", ids.next())
                .param("name", outside.name())
                .param("mtu", outside.mtu())
                .param("prefix", outside.prefix())
                .param("gateway", outside.gateway())
                .param("first", outside.first())
                .param("last", outside.last())
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .query(UUID.class)
                .single();
    }

    private void remove(List<String> named) {
        String[] kept = named.toArray(String[]::new);
        system.sql("""
                        delete from uplink u where u.tunnel_address is null
                          and not exists (select from external_link l where l.uplink_id = u.id)
                        """).update();
        system.sql("""
                        delete from external_network e where e.name <> all (:kept)
                          and not exists (select from public_address p where p.external_network_id = e.id)
                          and not exists (select from router r where r.external_network_id = e.id)
                        """).param("kept", kept).update();
        system.sql("select name from external_network where name <> all (:kept)")
                .param("kept", kept)
                .query(String.class)
                .list()
                .forEach(name -> log.warn(
                        "External network {} is not in the settings any more but has addresses or routers of tenants, so"
                                + " it stays, without an uplink",
                        name));
    }

    private void tellHosts() {
        system.sql("select refresh_host_objects(id) from host order by id")
                .query((row, number) -> number)
                .list();
        touch("NETWORK", "select id from external_network");
        touch("UPLINK", "select id from uplink");
        touch("ROUTER", "select id from router where external_network_id is not null");
    }

    private void touch(String kind, String ids) {
        system.sql("select touch_host_objects(:kind, array(" + ids + "))")
                .param("kind", kind)
                .query((row, number) -> number)
                .list();
    }
}
