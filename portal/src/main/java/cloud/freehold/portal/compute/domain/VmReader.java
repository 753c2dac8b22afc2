package cloud.freehold.portal.compute.domain;

import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.Choices;
import cloud.freehold.portal.compute.NicView;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmView;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** What pages and the API show of VMs: one query each, however many there are. */
@Component
class VmReader {

    private static final String VMS = """
            select v.*, i.name as image_name, f.name as flavor_name, f.disk_gib, h.last_seen_at,
                   s.state as reported, s.started_at, s.guest, s.problem,
                   (select o.kind from operation o where o.tenant_id = v.tenant_id and o.target_id = v.id
                       and o.state in ('QUEUED', 'RUNNING') order by starts_with(o.kind, 'VM_') desc, o.id desc limit 1) as open_kind,
                   array(select host(a.ip) from nic n join address a on a.nic_id = n.id where n.vm_id = v.id
                         order by n.device_index, family(a.ip), a.ip) as addresses
            from vm v join image i on i.id = v.image_id join flavor f on f.id = v.flavor_id
            left join host h on h.id = v.host_id
            left join vm_status s on s.vm_id = v.id
            where v.tenant_id = :tenant
            """;

    private static final String NICS = """
            select n.id, n.version, n.device_index, n.mac, n.vm_id, n.network_id, w.name as network, v.name as vm_name,
                   n.port_security, array(select p::text from unnest(n.allowed_address_pairs) p) as allowed,
                   coalesce(m.state in ('RUNNING', 'PAUSED'), false) as runs, e.desired_revision, e.applied_revision,
                   e.link, e.problem ->> 'message' as problem, e.committed_at, e.applied_at, e.host_last_seen_at, e.host_id,
                   coalesce(s.rx_packets, 0) as rx_packets, coalesce(s.rx_bytes, 0) as rx_bytes,
                   coalesce(s.tx_packets, 0) as tx_packets, coalesce(s.tx_bytes, 0) as tx_bytes,
                   coalesce(s.drops, 0) as drops, coalesce(s.connections, 0) as connections,
                   e.addresses,
                   array(select g.name from nic_security_group x join security_group g on g.id = x.group_id
                         where x.nic_id = n.id order by x.position, g.name) as groups
            from nic n join vm v on v.id = n.vm_id join network w on w.id = n.network_id
            join enforcement_of_nics(array(select id from nic where tenant_id = :tenant and (:all or vm_id = :vm))) e
                 on e.nic_id = n.id
            left join nic_status s on s.nic_id = n.id
            left join vm_status m on m.vm_id = n.vm_id
            where n.tenant_id = :tenant and v.deleting_since is null
            order by v.name, n.device_index
            """;

    private final JdbcClient jdbc;
    private final JsonMapper json;
    private final Clock clock;

    VmReader(JdbcClient jdbc, JsonMapper json, Clock clock) {
        this.jdbc = jdbc;
        this.json = json;
        this.clock = clock;
    }

    List<VmView> vms(TenantId tenant) {
        Instant now = clock.instant();
        return jdbc.sql(VMS + " order by v.name, v.id")
                .param("tenant", tenant.value())
                .query((row, number) -> VmRowMapper.vm(row, json, now))
                .list();
    }

    VmView vm(TenantId tenant, VmId id) {
        Instant now = clock.instant();
        return jdbc.sql(VMS + " and v.id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query((row, number) -> VmRowMapper.vm(row, json, now))
                .optional()
                .orElseThrow(VmReader::notFound);
    }

    List<NicView> nics(TenantId tenant, @Nullable VmId vm) {
        Instant now = clock.instant();
        return jdbc.sql(NICS)
                .param("tenant", tenant.value())
                .param("all", vm == null)
                .param("vm", vm == null ? null : vm.value(), java.sql.Types.OTHER)
                .query((row, number) -> VmRowMapper.nic(row, now))
                .list();
    }

    Choices choices() {
        return new Choices(
                jdbc.sql("select id, name, description from image where retired_at is null order by name")
                        .query((row, number) -> new Choices.Image(
                                row.getObject("id", UUID.class), row.getString("name"), row.getString("description")))
                        .list(),
                jdbc.sql("select * from flavor where retired_at is null order by vcpus, memory_mib, disk_gib, name")
                        .query((row, number) -> new Choices.Flavor(
                                row.getObject("id", UUID.class),
                                row.getString("name"),
                                row.getInt("vcpus"),
                                row.getLong("memory_mib"),
                                row.getInt("disk_gib")))
                        .list());
    }

    static NotFoundException notFound() {
        return new NotFoundException("There is no such VM. Go to VMs and pick one from the list.");
    }
}
