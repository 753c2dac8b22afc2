package cloud.freehold.portal.network;

import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Rows of the provider's networks outside, for tests. */
final class Outsides {

    private final JdbcClient system;

    Outsides(JdbcClient system) {
        this.system = system;
    }

    /** In 198.51.100.0/24, whose first address is the gateway. */
    ExternalNetworkId network(String name, String first, String last) {
        UUID id = UUID.randomUUID();
        system.sql("""
                        insert into external_network (id, name, vni, mtu, prefix, gateway, first_address, last_address, created_at)
                        values (?, ?, nextval('network_vni'), 1500, '198.51.100.0/24', '198.51.100.1', ?::inet, ?::inet, now())
                        """).params(id, name, first, last).update();
        return new ExternalNetworkId(id);
    }

    void uplink(ExternalNetworkId network, String host, String device, int vlan) {
        UUID id = UUID.randomUUID();
        system.sql("insert into uplink (id, host_name, device) values (?, ?, ?)")
                .params(id, host, device)
                .update();
        system.sql("insert into external_link (external_network_id, uplink_id, vlan) values (?, ?, ?)")
                .params(network.value(), id, vlan)
                .update();
    }
}
