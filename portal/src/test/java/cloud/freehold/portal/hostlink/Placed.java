package cloud.freehold.portal.hostlink;

import cloud.freehold.portal.common.TenantId;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Rows for tests of the host link: VMs on a host, with a NIC in a network, in security groups. */
public final class Placed {

    private static final UUID IMAGE = UUID.fromString("00000000-0000-7000-8000-000000000001");
    private static final UUID FLAVOR = UUID.fromString("00000000-0000-7000-8000-000000000002");

    private final JdbcClient system;

    public Placed(JdbcClient system) {
        this.system = system;
    }

    public UUID network(TenantId tenant, int vni) {
        return network(tenant, vni, "10.0.0.0/8");
    }

    /** With its first address as gateway. */
    public UUID network(TenantId tenant, int vni, String prefix) {
        UUID id = UUID.randomUUID();
        system.sql("insert into network (id, tenant_id, name, vni, gateway_mac, created_at)"
                        + " values (?, ?, ?, ?, '02:00:00:00:00:01', now())")
                .params(id, tenant.value(), "n" + vni, vni)
                .update();
        system.sql(
                        "insert into subnet (id, tenant_id, network_id, prefix, gateway) values (?, ?, ?, ?::cidr, host(?::cidr)::inet + 1)")
                .params(UUID.randomUUID(), tenant.value(), id, prefix, prefix)
                .update();
        return id;
    }

    public UUID group(TenantId tenant, String name) {
        UUID id = UUID.randomUUID();
        system.sql(
                        "insert into security_group (id, tenant_id, name, created_at, updated_at) values (?, ?, ?, now(), now())")
                .params(id, tenant.value(), name)
                .update();
        return id;
    }

    /** A rule that lets members of {@code remote} (null: anybody) in on a TCP port. */
    public UUID rule(TenantId tenant, UUID group, int port, UUID remote) {
        UUID id = UUID.randomUUID();
        system.sql("""
                        insert into rule (id, tenant_id, group_id, position, direction, ethertype, protocol, port_min, port_max,
                                          remote_group_id, action, created_at, updated_at)
                        values (:id, :tenant, :group, (select coalesce(max(position), 0) + 1 from rule where group_id = :group),
                                'INGRESS', 'ANY', 6, :port, :port, :remote, 'ALLOW', now(), now())
                        """)
                .param("id", id)
                .param("tenant", tenant.value())
                .param("group", group)
                .param("port", port)
                .param("remote", remote, java.sql.Types.OTHER)
                .update();
        return id;
    }

    public UUID vm(TenantId tenant, UUID host, String name) {
        system.sql("insert into image (id, name, created_at) values (?, 'test', now()) on conflict do nothing")
                .params(IMAGE)
                .update();
        system.sql(
                        "insert into flavor (id, name, vcpus, memory_mib, disk_gib) values (?, 'test', 1, 64, 1) on conflict do nothing")
                .params(FLAVOR)
                .update();
        UUID id = UUID.randomUUID();
        system.sql("""
                        insert into vm (id, tenant_id, name, host_id, image_id, flavor_id, vcpus, max_vcpus, memory_mib,
                                        max_memory_mib, power, created_at)
                        values (:id, :tenant, :name, :host, :image, :flavor, 1, 1, 64, 64, 'RUNNING', now())
                        """)
                .param("id", id)
                .param("tenant", tenant.value())
                .param("name", name)
                .param("host", host)
                .param("image", IMAGE)
                .param("flavor", FLAVOR)
                .update();
        return id;
    }

    public UUID nic(TenantId tenant, UUID vm, UUID network, int number, UUID... groups) {
        UUID id = UUID.randomUUID();
        system.sql("""
                        insert into nic (id, tenant_id, vm_id, network_id, device_index, mac, created_at)
                        values (:id, :tenant, :vm, :network, 0, ('020001' || lpad(to_hex(:number), 6, '0'))::macaddr, now())
                        """)
                .param("id", id)
                .param("tenant", tenant.value())
                .param("vm", vm)
                .param("network", network)
                .param("number", number)
                .update();
        system.sql("""
                        insert into address (tenant_id, subnet_id, network_id, nic_id, ip)
                        select tenant_id, id, network_id, :nic, host(prefix)::inet + 256 + :number from subnet where network_id = :network
                        """)
                .param("nic", id)
                .param("number", number)
                .param("network", network)
                .update();
        for (UUID group : groups) {
            system.sql("insert into nic_security_group (tenant_id, nic_id, group_id) values (?, ?, ?)")
                    .params(tenant.value(), id, group)
                    .update();
        }
        return id;
    }
}
