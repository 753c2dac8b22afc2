package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.observed.HostReport;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveTopic;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a host says of its NICs. Its counter of lost flow records begins anew with the dataplane, and on another host: what
 * is below the reading before is all new.
 */
@Component
class ObservedNics {

    /** Far above what any NIC counts, and far below where sums overflow. */
    private static final long MOST_COUNTED = 1L << 53;

    private record Changed(UUID tenant, boolean state) {

        static Changed read(ResultSet row, int number) throws SQLException {
            return new Changed(row.getObject("tenant_id", UUID.class), row.getBoolean("state"));
        }
    }

    private final JdbcClient system;
    private final JsonMapper json;

    ObservedNics(@SystemAccess JdbcClient system, JsonMapper json) {
        this.system = system;
        this.json = json;
    }

    void store(UUID hostId, HostReport report, OffsetDateTime now, HostReports.Changes changes) {
        if (report.nics() == null || report.nics().isEmpty()) {
            return;
        }
        List<Changed> changed = system.sql("""
                        with r as (
                            select distinct on (n.id) n.id, n.tenant_id, coalesce(r."appliedRevision", 0) as applied,
                                   r.link, r.problem,
                                   coalesce(r."rxPackets", 0) as rx_packets, coalesce(r."rxBytes", 0) as rx_bytes,
                                   coalesce(r."txPackets", 0) as tx_packets, coalesce(r."txBytes", 0) as tx_bytes,
                                   coalesce(r.drops, 0) as drops, coalesce(r.connections, 0) as connections,
                                   coalesce(r."dropReasons", '{}') as drop_reasons,
                                   least(greatest(coalesce(r."flowsLost", 0), 0), :most) as flows_lost
                            from jsonb_to_recordset(:nics::jsonb) as r (id uuid, "appliedRevision" bigint, link text,
                                 "rxPackets" bigint, "rxBytes" bigint, "txPackets" bigint, "txBytes" bigint, drops bigint,
                                 connections bigint, "dropReasons" jsonb, problem jsonb, "flowsLost" bigint)
                            join nic n on n.id = r.id join vm v on v.id = n.vm_id and v.host_id = :host
                            where r.link is not null),
                        changed as (
                            select r.tenant_id, (r.link, r.problem) is distinct from (s.link, s.problem) as state
                            from r left join nic_status s on s.nic_id = r.id
                            where (r.link, r.problem, r.rx_packets, r.tx_packets, r.drops, r.connections)
                                  is distinct from (s.link, s.problem, s.rx_packets, s.tx_packets, s.drops, s.connections)),
                        missed as (
                            select r.id, r.tenant_id, case when s.host_id = :host and r.flows_lost >= s.flows_lost
                                                           then r.flows_lost - s.flows_lost else r.flows_lost end as lost
                            from r left join nic_status s on s.nic_id = r.id),
                        missing as (
                            insert into nic_flow_loss as l (tenant_id, nic_id, hour, lost)
                            select tenant_id, id, date_trunc('hour', :now::timestamptz, 'UTC'), lost from missed where lost > 0 order by id
                            on conflict (nic_id, hour) do update set lost = l.lost + excluded.lost),
                        stored as (
                            insert into nic_status (nic_id, tenant_id, host_id, applied_revision, link, rx_packets, rx_bytes,
                                                    tx_packets, tx_bytes, drops, connections, drop_reasons, problem, flows_lost,
                                                    reported_at)
                            select id, tenant_id, :host, applied, link, rx_packets, rx_bytes, tx_packets, tx_bytes, drops,
                                   connections, drop_reasons, problem, flows_lost, :now::timestamptz from r order by id
                            on conflict (nic_id) do update set host_id = excluded.host_id,
                                applied_revision = excluded.applied_revision, link = excluded.link,
                                rx_packets = excluded.rx_packets, rx_bytes = excluded.rx_bytes,
                                tx_packets = excluded.tx_packets, tx_bytes = excluded.tx_bytes, drops = excluded.drops,
                                connections = excluded.connections, drop_reasons = excluded.drop_reasons, problem = excluded.problem,
                                flows_lost = excluded.flows_lost, reported_at = excluded.reported_at)
                        select tenant_id, bool_or(state) as state from changed group by tenant_id
                        """)
                .param("nics", HostReports.array(json, report.nics()))
                .param("host", hostId)
                .param("now", now)
                .param("most", MOST_COUNTED)
                .query(Changed::read)
                .list();
        changes.add(changed.stream().filter(Changed::state).map(Changed::tenant).toList(), LiveTopic.NICS);
        changes.add(changed.stream().map(Changed::tenant).toList(), LiveTopic.HITS);
    }
}
