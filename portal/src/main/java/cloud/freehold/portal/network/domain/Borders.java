package cloud.freehold.portal.network.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.network.ExternalNetwork;
import cloud.freehold.portal.network.ExternalNetworkId;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.RouterId;
import cloud.freehold.portal.network.RouterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Where routers meet external networks. With source NAT every NIC of the router's networks has a block of 1,024 ports of
 * a public address that belongs to the router; 63 NICs fit one address, then the router takes another. A NIC keeps its
 * block, so its connections survive whatever happens to others.
 */
@Component
class Borders {

    private final JdbcClient jdbc;
    private final PublicAddresses addresses;
    private final HostChanges hosts;

    Borders(JdbcClient jdbc, PublicAddresses addresses, HostChanges hosts) {
        this.jdbc = jdbc;
        this.addresses = addresses;
        this.hosts = hosts;
    }

    ExternalNetwork known(ExternalNetworkId id) {
        return addresses.networks().stream()
                .filter(network -> network.id().equals(id))
                .findFirst()
                .orElseThrow(() -> InvalidInputException.field(
                        "external-network.unknown",
                        "external",
                        "There is no such external network. Choose one of the list."));
    }

    void check(RouterSpec.@Nullable Outside outside) {
        if (outside != null) {
            known(outside.network());
        }
    }

    /** A new NIC is in the network. */
    void fit(TenantId tenant, NetworkId network) {
        jdbc.sql("select router_id from router_network where tenant_id = :tenant and network_id = :network")
                .param("tenant", tenant.value())
                .param("network", network.value())
                .query(UUID.class)
                .optional()
                .ifPresent(router -> fit(tenant, new RouterId(router)));
    }

    /** After the router or what is in its networks changed: each NIC has the ports that it should have. */
    void fit(TenantId tenant, RouterId router) {
        List<UUID> changed = new ArrayList<>(dropStale(tenant, router));
        for (Lacking nic : lacking(tenant, router)) {
            give(tenant, router, nic);
            changed.add(nic.nic());
        }
        hosts.touched(ObjectKind.NIC, changed);
    }

    /** Before the router goes. */
    void forget(TenantId tenant, RouterId router) {
        hosts.touched(
                ObjectKind.NIC,
                jdbc.sql("""
                        select b.nic_id from nat_block b join public_address p on p.id = b.public_address_id
                        where p.tenant_id = :tenant and p.router_id = :router
                        """)
                        .param("tenant", tenant.value())
                        .param("router", router.value())
                        .query(UUID.class)
                        .list());
    }

    private List<UUID> dropStale(TenantId tenant, RouterId router) {
        List<UUID> nics = jdbc.sql("""
                        delete from nat_block b using public_address p, router r
                        where r.tenant_id = :tenant and r.id = :router and p.router_id = r.id and b.public_address_id = p.id
                          and (not r.source_nat or p.external_network_id is distinct from r.external_network_id
                               or not exists (select from nic n join router_network x on x.network_id = n.network_id
                                              where n.id = b.nic_id and x.router_id = r.id))
                        returning b.nic_id
                        """)
                .param("tenant", tenant.value())
                .param("router", router.value())
                .query(UUID.class)
                .list();
        jdbc.sql("""
                        delete from public_address p using router r
                        where r.tenant_id = :tenant and r.id = :router and p.router_id = r.id
                          and (not r.source_nat or p.external_network_id is distinct from r.external_network_id)
                        """)
                .param("tenant", tenant.value())
                .param("router", router.value())
                .update();
        return nics;
    }

    private record Lacking(UUID nic, ExternalNetworkId network) {}

    private List<Lacking> lacking(TenantId tenant, RouterId router) {
        return jdbc.sql("""
                        select n.id, r.external_network_id
                        from router r join router_network x on x.router_id = r.id join nic n on n.network_id = x.network_id
                        where r.tenant_id = :tenant and r.id = :router and r.source_nat
                          and not exists (select from nat_block b where b.nic_id = n.id)
                        order by n.id
                        """)
                .param("tenant", tenant.value())
                .param("router", router.value())
                .query((row, number) -> new Lacking(
                        row.getObject("id", UUID.class),
                        new ExternalNetworkId(row.getObject("external_network_id", UUID.class))))
                .list();
    }

    private void give(TenantId tenant, RouterId router, Lacking nic) {
        if (!giveBlock(tenant, router, nic.nic())) {
            addresses.take(tenant, known(nic.network()), router);
            giveBlock(tenant, router, nic.nic());
        }
    }

    /** @return false: the router's addresses are full */
    private boolean giveBlock(TenantId tenant, RouterId router, UUID nic) {
        return jdbc.sql("""
                        insert into nat_block (tenant_id, public_address_id, first_port, nic_id)
                        select :tenant, p.id, port, :nic
                        from public_address p cross join generate_series(1024, 64512, 1024) port
                        where p.tenant_id = :tenant and p.router_id = :router
                          and not exists (select from nat_block b where b.public_address_id = p.id and b.first_port = port)
                        order by p.ip, port limit 1
                        """)
                        .param("tenant", tenant.value())
                        .param("router", router.value())
                        .param("nic", nic)
                        .update()
                > 0;
    }

    /** A floating IP whose NIC has lost the way to its network would look attached and be dead. */
    void requireNobodyStranded(TenantId tenant) {
        jdbc.sql("""
                        select host(p.ip) as ip, v.name || '/eth' || n.device_index as nic
                        from public_address p join nic n on n.id = p.nic_id join vm v on v.id = n.vm_id
                        left join router_network x on x.network_id = n.network_id
                        left join router r on r.id = x.router_id
                        where p.tenant_id = :tenant and r.external_network_id is distinct from p.external_network_id
                        order by p.ip limit 1
                        """)
                .param("tenant", tenant.value())
                .query((row, number) -> row.getString("nic") + " has the floating IP " + row.getString("ip"))
                .optional()
                .ifPresent(stranded -> {
                    throw new ConflictException(
                            "router.in-use", stranded + " through this router. Detach the floating IP first.");
                });
    }
}
