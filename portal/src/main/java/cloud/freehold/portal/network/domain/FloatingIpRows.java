package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.hostlink.HostProgress;
import cloud.freehold.portal.hostlink.Hosts;
import cloud.freehold.portal.network.ExternalNetwork;
import cloud.freehold.portal.network.ExternalNetworkId;
import cloud.freehold.portal.network.FloatingIp;
import cloud.freehold.portal.network.FloatingIpId;
import cloud.freehold.portal.network.FloatingIps.Candidate;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The table of public addresses, as far as they float. */
@Component
class FloatingIpRows {

    private final JdbcClient jdbc;
    private final Clock clock;

    FloatingIpRows(JdbcClient jdbc, Clock clock) {
        this.jdbc = jdbc;
        this.clock = clock;
    }

    List<FloatingIp> list(TenantId tenant) {
        return jdbc.sql("""
                        select p.id, host(p.ip) as ip, p.version, p.created_at, e.id as external, e.name as external_name,
                               e.prefix::text as external_prefix, n.id as nic_id, n.vm_id, v.name as vm, n.device_index,
                               (select host(min(a.ip)) from address a where a.nic_id = n.id and family(a.ip) = 4) as inside,
                               f.desired_revision, f.applied_revision, f.host_last_seen_at, f.committed_at, f.applied_at
                        from public_address p join external_network e on e.id = p.external_network_id
                        left join nic n on n.id = p.nic_id
                        left join vm v on v.id = n.vm_id
                        left join enforcement_of_nics(array(
                            select nic_id from public_address where tenant_id = :tenant and nic_id is not null)) f on f.nic_id = n.id
                        where p.tenant_id = :tenant and p.router_id is null order by p.ip, e.name
                        """)
                .param("tenant", tenant.value())
                .query((row, number) -> new FloatingIp(
                        new FloatingIpId(row.getObject("id", UUID.class)),
                        row.getString("ip"),
                        new ExternalNetwork(
                                new ExternalNetworkId(row.getObject("external", UUID.class)),
                                row.getString("external_name"),
                                row.getString("external_prefix")),
                        row.getLong("version"),
                        holder(row),
                        progress(row),
                        row.getObject("created_at", OffsetDateTime.class).toInstant()))
                .list();
    }

    private static FloatingIp.@Nullable Holder holder(ResultSet row) throws SQLException {
        UUID nic = row.getObject("nic_id", UUID.class);
        return nic == null
                ? null
                : new FloatingIp.Holder(
                        nic,
                        row.getObject("vm_id", UUID.class),
                        row.getString("vm"),
                        row.getInt("device_index"),
                        row.getString("inside"));
    }

    private HostProgress progress(ResultSet row) throws SQLException {
        Long desired = row.getObject("desired_revision", Long.class);
        if (desired == null) {
            return HostProgress.UNUSED;
        }
        Long applied = row.getObject("applied_revision", Long.class);
        boolean done = applied != null && applied >= desired;
        OffsetDateTime seen = row.getObject("host_last_seen_at", OffsetDateTime.class);
        boolean away = seen == null || seen.toInstant().isBefore(clock.instant().minus(Hosts.AWAY_AFTER));
        OffsetDateTime committed = row.getObject("committed_at", OffsetDateTime.class);
        OffsetDateTime enforced = row.getObject("applied_at", OffsetDateTime.class);
        return new HostProgress(
                1,
                done ? 1 : 0,
                !done && away ? 1 : 0,
                committed == null || enforced == null ? null : Duration.between(committed, enforced));
    }

    FloatingIp get(TenantId tenant, FloatingIpId id) {
        return list(tenant).stream()
                .filter(ip -> ip.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new NotFoundException(
                        "There is no such floating IP. Go to Floating IPs and pick one from the list."));
    }

    List<Candidate> candidates(TenantId tenant) {
        return jdbc.sql("""
                        select n.id, v.name || '/eth' || n.device_index as name, r.external_network_id,
                               (select host(min(a.ip)) from address a where a.nic_id = n.id and family(a.ip) = 4) as inside,
                               (select host(p.ip) from public_address p where p.nic_id = n.id) as has
                        from nic n join vm v on v.id = n.vm_id and v.deleting_since is null
                        left join router_network x on x.network_id = n.network_id
                        left join router r on r.id = x.router_id
                        where n.tenant_id = :tenant
                          and exists (select from address a where a.nic_id = n.id and family(a.ip) = 4)
                        order by v.name, n.device_index
                        """)
                .param("tenant", tenant.value())
                .query((row, number) -> {
                    UUID external = row.getObject("external_network_id", UUID.class);
                    return new Candidate(
                            row.getObject("id", UUID.class),
                            row.getString("name"),
                            row.getString("inside"),
                            external == null ? null : new ExternalNetworkId(external),
                            row.getString("has"));
                })
                .list();
    }

    /** @param nic null: nobody's */
    void give(TenantId tenant, FloatingIpId id, @Nullable UUID nic) {
        jdbc.sql("""
                        update public_address set nic_id = :nic, version = version + 1
                        where tenant_id = :tenant and id = :id and router_id is null
                        """)
                .param("nic", nic, Types.OTHER)
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
    }

    void delete(TenantId tenant, FloatingIpId id) {
        jdbc.sql("delete from public_address where tenant_id = :tenant and id = :id and router_id is null")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
    }
}
