package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.network.NetworkId;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Gives a NIC its addresses: the next free IPv4 address, and the IPv6 address that its guest will form by itself. */
@Component
class NicAddresses {

    private record Subnet(UUID id, String prefix, int family) {}

    private record Nic(UUID id, MacAddress mac) {}

    private final JdbcClient jdbc;

    NicAddresses(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** One in each subnet of the network. */
    void allocate(TenantId tenant, NetworkId network, UUID nic, MacAddress mac) {
        lock(tenant, network);
        for (Subnet subnet : subnets(tenant, network)) {
            allocate(tenant, network, subnet, new Nic(nic, mac));
        }
    }

    /** One in this new subnet for each NIC of the network. */
    void allocateInSubnet(TenantId tenant, NetworkId network, UUID subnetId) {
        lock(tenant, network);
        Subnet subnet = subnets(tenant, network).stream()
                .filter(each -> each.id().equals(subnetId))
                .findFirst()
                .orElseThrow();
        jdbc.sql("select id, mac::text as mac from nic where tenant_id = :tenant and network_id = :network order by id")
                .param("tenant", tenant.value())
                .param("network", network.value())
                .query((row, number) ->
                        new Nic(row.getObject("id", UUID.class), MacAddress.parse(row.getString("mac"))))
                .list()
                .forEach(nic -> allocate(tenant, network, subnet, nic));
    }

    /** One allocation in a network at a time: the second one sees what the first one took. */
    private void lock(TenantId tenant, NetworkId network) {
        jdbc.sql("select id from network where tenant_id = :tenant and id = :network for no key update")
                .param("tenant", tenant.value())
                .param("network", network.value())
                .query(UUID.class)
                .single();
    }

    private void allocate(TenantId tenant, NetworkId network, Subnet subnet, Nic nic) {
        String ip = subnet.family() == 6 ? slaac(subnet, nic.mac()) : nextFree(subnet);
        jdbc.sql("""
                        insert into address (tenant_id, subnet_id, network_id, nic_id, ip)
                        values (:tenant, :subnet, :network, :nic, :ip::inet)
                        """)
                .param("tenant", tenant.value())
                .param("subnet", subnet.id())
                .param("network", network.value())
                .param("nic", nic.id())
                .param("ip", ip)
                .update();
    }

    private List<Subnet> subnets(TenantId tenant, NetworkId network) {
        return jdbc.sql("""
                        select id, prefix::text as prefix, family(prefix) as family from subnet
                        where tenant_id = :tenant and network_id = :network order by family(prefix), prefix
                        """)
                .param("tenant", tenant.value())
                .param("network", network.value())
                .query((row, number) ->
                        new Subnet(row.getObject("id", UUID.class), row.getString("prefix"), row.getInt("family")))
                .list();
    }

    private String slaac(Subnet subnet, MacAddress mac) {
        return jdbc.sql("select host(:prefix::inet | ('::' || :suffix)::inet)")
                .param("prefix", subnet.prefix())
                .param("suffix", mac.interfaceIdentifier())
                .query(String.class)
                .single();
    }

    /** The lowest one: neither a NIC's nor the gateway nor the first or last of the subnet. */
    private String nextFree(Subnet subnet) {
        return jdbc.sql("""
                        select host(taken.ip + 1) from (
                            select a.ip from address a where a.subnet_id = :subnet
                            union all select host(s.gateway)::inet from subnet s where s.id = :subnet
                            union all select host(s.prefix)::inet from subnet s where s.id = :subnet) taken
                        join subnet s on s.id = :subnet
                        where taken.ip + 1 < host(broadcast(s.prefix))::inet
                          and not exists (select from address b where b.subnet_id = :subnet and b.ip = taken.ip + 1)
                          and taken.ip + 1 <> host(s.gateway)::inet
                        order by taken.ip limit 1
                        """)
                .param("subnet", subnet.id())
                .query(String.class)
                .optional()
                .orElseThrow(() -> new CapacityException(
                        "network.full",
                        "Every address of " + subnet.prefix() + " is taken. Use another network, or delete a VM of this"
                                + " one."));
    }
}
