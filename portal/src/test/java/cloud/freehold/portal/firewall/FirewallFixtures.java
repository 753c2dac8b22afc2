package cloud.freehold.portal.firewall;

import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.Fixtures.Person;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** VMs and hosts as rows, for tests that are about rules and not about VMs. */
public final class FirewallFixtures {

    private static int next = 1;

    private final JdbcClient system;
    private final Uuid7 ids;

    public FirewallFixtures(@SystemAccess JdbcClient system, Uuid7 ids) {
        this.system = system;
        this.ids = ids;
    }

    /** A VM with one NIC, and their host. */
    public record Machine(UUID vm, UUID nic, UUID host, String address) {}

    public UUID host() {
        UUID id = ids.next();
        system.sql("insert into host (id, name, epoch, capacity_vcpus, capacity_memory_mib, last_seen_at)"
                        + " values (?, ?, gen_random_uuid(), 64, 65536, now())")
                .params(id, "kvm-" + next++)
                .update();
        return id;
    }

    public Machine machine(Person person, String name, UUID host) {
        OffsetDateTime now = OffsetDateTime.now(ZoneOffset.UTC);
        UUID tenant = person.tenant().value();
        UUID image = ids.next();
        UUID flavor = ids.next();
        UUID network = ids.next();
        UUID subnet = ids.next();
        UUID vm = ids.next();
        UUID nic = ids.next();
        int number = next++;
        String address = "10.77." + (number >> 8) + "." + (number & 255);
        system.sql("insert into image (id, name, created_at) values (?, 'Debian', ?)")
                .params(image, now)
                .update();
        system.sql("insert into flavor (id, name, vcpus, memory_mib, disk_gib) values (?, ?, 1, 256, 1)")
                .params(flavor, "small-" + number)
                .update();
        system.sql("insert into network (id, tenant_id, name, vni, gateway_mac, created_at)"
                        + " values (?, ?, ?, ?, '02:00:00:00:00:01', ?)")
                .params(network, tenant, "net-" + number, number, now)
                .update();
        system.sql(
                        "insert into subnet (id, tenant_id, network_id, prefix, gateway) values (?, ?, ?, '10.77.0.0/16', '10.77.255.1')")
                .params(subnet, tenant, network)
                .update();
        system.sql("insert into vm (id, tenant_id, name, host_id, image_id, flavor_id, vcpus, max_vcpus, memory_mib,"
                        + " max_memory_mib, power, created_at) values (?, ?, ?, ?, ?, ?, 1, 1, 256, 256, 'RUNNING', ?)")
                .params(vm, tenant, name, host, image, flavor, now)
                .update();
        system.sql("insert into nic (id, tenant_id, vm_id, network_id, device_index, mac, created_at)"
                        + " values (?, ?, ?, ?, 0, ?::macaddr, ?)")
                .params(
                        nic,
                        tenant,
                        vm,
                        network,
                        "02:00:00:01:%02x:%02x".formatted(number >> 8 & 255, number & 255),
                        now)
                .update();
        system.sql("insert into address (tenant_id, subnet_id, network_id, nic_id, ip) values (?, ?, ?, ?, ?::inet)")
                .params(tenant, subnet, network, nic, address)
                .update();
        system.sql("select refresh_host_objects(?)").param(host).query(row -> {});
        return new Machine(vm, nic, host, address);
    }

    /** The host reports that it has applied all that it was told. */
    public void applied(UUID host) {
        system.sql("update enforcement set applied_at = committed_at + interval '38 milliseconds'"
                        + " where host_id = ? and applied_at is null")
                .param(host)
                .update();
        system.sql(
                        "update host set applied_revision = desired_revision, applied_at = now(), last_seen_at = now() where id = ?")
                .param(host)
                .update();
    }

    public long desiredRevision(UUID host) {
        return system.sql("select desired_revision from host where id = ?")
                .param(host)
                .query(Long.class)
                .single();
    }
}
