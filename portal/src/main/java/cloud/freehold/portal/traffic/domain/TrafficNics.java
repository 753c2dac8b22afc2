package cloud.freehold.portal.traffic.domain;

import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** A tenant's NICs, and whose an address is. */
@Component
public class TrafficNics {

    private static final String SELECT = """
            select n.id, n.vm_id, v.name, n.device_index, n.network_id, n.connection_quota, n.port_security,
                   array(select p::text from unnest(n.allowed_address_pairs) p) as also_from,
                   array(select host(a.ip) from address a where a.nic_id = n.id order by family(a.ip), a.ip) as addresses
            from nic n join vm v on v.id = n.vm_id
            where n.tenant_id = :tenant and v.deleting_since is null
            """;

    private final JdbcClient jdbc;

    TrafficNics(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** @throws NotFoundException when the tenant has no such NIC */
    @Transactional(readOnly = true)
    public TrafficNic get(TenantId tenant, UUID id) {
        return jdbc.sql(SELECT + " and n.id = :id")
                .param("tenant", tenant.value())
                .param("id", id)
                .query(TrafficNics::nic)
                .optional()
                .orElseThrow(TrafficNics::notFound);
    }

    /** By the VMs' names. */
    @Transactional(readOnly = true)
    public List<TrafficNic> all(TenantId tenant) {
        return jdbc.sql(SELECT + " order by v.name, n.device_index")
                .param("tenant", tenant.value())
                .query(TrafficNics::nic)
                .list();
    }

    @Transactional(readOnly = true)
    public List<TrafficNic> ofVm(TenantId tenant, UUID vm) {
        return jdbc.sql(SELECT + " and n.vm_id = :vm order by n.device_index")
                .param("tenant", tenant.value())
                .param("vm", vm)
                .query(TrafficNics::nic)
                .list();
    }

    /** Who has these addresses in the NIC's network; those of nobody are left out. */
    @Transactional(readOnly = true)
    public Map<String, TrafficNic> neighbours(TenantId tenant, UUID network, Collection<String> addresses) {
        Map<String, TrafficNic> owners = new HashMap<>();
        if (addresses.isEmpty()) {
            return owners;
        }
        jdbc.sql(SELECT + """
                         and n.network_id = :network and n.id in (
                             select a.nic_id from address a where a.network_id = :network and a.ip = any (:addresses::inet[]))
                        """)
                .param("tenant", tenant.value())
                .param("network", network)
                .param("addresses", addresses.stream().distinct().toArray(String[]::new))
                .query(TrafficNics::nic)
                .list()
                .forEach(nic -> nic.addresses().forEach(address -> owners.put(address, nic)));
        return owners;
    }

    private static TrafficNic nic(ResultSet row, int number) throws SQLException {
        return new TrafficNic(
                row.getObject("id", UUID.class),
                row.getObject("vm_id", UUID.class),
                row.getString("name"),
                row.getInt("device_index"),
                row.getObject("network_id", UUID.class),
                texts(row, "addresses"),
                row.getInt("connection_quota"),
                !row.getBoolean("port_security"),
                texts(row, "also_from"));
    }

    private static List<String> texts(ResultSet row, String column) throws SQLException {
        return List.of((String[]) row.getArray(column).getArray());
    }

    static NotFoundException notFound() {
        return new NotFoundException(
                "There is no such NIC. It may have been removed; the VM's page shows those there are.");
    }
}
