package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.observed.HostReport;
import cloud.freehold.portal.database.SystemAccess;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * What NICs carry, a day at a time. Hosts tell cumulative counters with an epoch; what came since the last reading is added to the
 * day on which the portal hears of it. A reading that comes twice adds nothing.
 */
@Component
class ObservedTraffic {

    private static final Duration KEPT = Duration.ofDays(93);
    /** Far above what any NIC carries, and far below where sums overflow. */
    private static final long MOST_COUNTED = 1L << 53;

    private final JdbcClient system;
    private final JsonMapper json;
    private final Clock clock;

    ObservedTraffic(@SystemAccess JdbcClient system, JsonMapper json, Clock clock) {
        this.system = system;
        this.json = json;
        this.clock = clock;
    }

    void store(UUID hostId, HostReport report, OffsetDateTime now) {
        if (report.nics() == null || report.nics().isEmpty()) {
            return;
        }
        system.sql("""
                        with told as (
                            select distinct on (n.id, t.kind) n.id as nic_id, n.tenant_id, t.kind, (r.traffic->>'epoch')::bigint as epoch,
                                   least(greatest((t.c->>'receivedPackets')::bigint, 0), :most) as received_packets,
                                   least(greatest((t.c->>'receivedBytes')::bigint, 0), :most) as received_bytes,
                                   least(greatest((t.c->>'sentPackets')::bigint, 0), :most) as sent_packets,
                                   least(greatest((t.c->>'sentBytes')::bigint, 0), :most) as sent_bytes
                            from jsonb_to_recordset(:nics::jsonb) as r (id uuid, traffic jsonb)
                            join nic n on n.id = r.id join vm v on v.id = n.vm_id and v.host_id = :host
                            cross join lateral (values ('NETWORK', r.traffic->'network'), ('ROUTED', r.traffic->'routed'),
                                                       ('EXTERNAL', r.traffic->'external')) as t (kind, c)
                            where jsonb_typeof(r.traffic) = 'object' and jsonb_typeof(t.c) = 'object'
                              and (r.traffic->>'epoch')::bigint > 0),
                        more as (
                            select t.nic_id, t.tenant_id, t.kind,
                                   t.received_packets - coalesce(m.received_packets, 0) as received_packets,
                                   t.received_bytes - coalesce(m.received_bytes, 0) as received_bytes,
                                   t.sent_packets - coalesce(m.sent_packets, 0) as sent_packets,
                                   t.sent_bytes - coalesce(m.sent_bytes, 0) as sent_bytes
                            from told t left join nic_traffic_mark m on m.nic_id = t.nic_id and m.kind = t.kind and m.epoch = t.epoch),
                        marked as (
                            insert into nic_traffic_mark (tenant_id, nic_id, kind, epoch, received_packets, received_bytes,
                                                          sent_packets, sent_bytes)
                            select tenant_id, nic_id, kind, epoch, received_packets, received_bytes, sent_packets, sent_bytes
                            from told order by nic_id, kind
                            on conflict (nic_id, kind) do update set epoch = excluded.epoch,
                                received_packets = excluded.received_packets, received_bytes = excluded.received_bytes,
                                sent_packets = excluded.sent_packets, sent_bytes = excluded.sent_bytes)
                        insert into nic_traffic_day as d (tenant_id, nic_id, day, kind, received_packets, received_bytes,
                                                          sent_packets, sent_bytes)
                        select tenant_id, nic_id, (:now::timestamptz at time zone 'UTC')::date, kind, greatest(received_packets, 0),
                               greatest(received_bytes, 0), greatest(sent_packets, 0), greatest(sent_bytes, 0)
                        from more where received_packets > 0 or sent_packets > 0 order by nic_id, kind
                        on conflict (nic_id, day, kind) do update set
                            received_packets = d.received_packets + excluded.received_packets,
                            received_bytes = d.received_bytes + excluded.received_bytes,
                            sent_packets = d.sent_packets + excluded.sent_packets, sent_bytes = d.sent_bytes + excluded.sent_bytes
                        """)
                .param("nics", HostReports.array(json, report.nics()))
                .param("host", hostId)
                .param("now", now)
                .param("most", MOST_COUNTED)
                .update();
    }

    @Scheduled(fixedDelayString = "PT1H")
    void forget() {
        system.sql("delete from nic_traffic_day where day < (:oldest::timestamptz at time zone 'UTC')::date")
                .param("oldest", clock.instant().minus(KEPT).atOffset(ZoneOffset.UTC))
                .update();
    }
}
