package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.observed.DroppedPackets;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveTopic;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** What NICs dropped: kept for an hour, and so many of each tenant. */
@Component
class ObservedDrops {

    /** Of one report; a host tells no more, unless it is not what it should be. */
    private static final int MOST_OF_A_REPORT = 2_500;

    private static final int MOST_OF_A_TENANT = 5_000;
    private static final Duration KEPT = Duration.ofHours(1);
    private static final Duration CLOCKS_MAY_DIFFER = Duration.ofHours(12);

    private final JdbcClient system;
    private final JsonMapper json;
    private final Clock clock;

    ObservedDrops(@SystemAccess JdbcClient system, JsonMapper json, Clock clock) {
        this.system = system;
        this.json = json;
        this.clock = clock;
    }

    void store(UUID hostId, HostReport report, OffsetDateTime now, HostReports.Changes changes) {
        List<DroppedPackets> drops = Objects.requireNonNullElse(report.drops(), List.<DroppedPackets>of()).stream()
                .filter(drop -> isWhole(drop, now.toInstant()))
                .limit(MOST_OF_A_REPORT)
                .toList();
        if (drops.isEmpty()) {
            return;
        }
        changes.add(
                system.sql("""
                                with told as (
                                    select n.tenant_id, r."nicId" as nic_id, r.ingress, r.reason, r."ruleId" as rule_id, r.protocol,
                                           r.remote, r.local, r.port, sum(r.count) as packets,
                                           least(min(r.first), :now) as first_at, least(max(r.last), :now) as last_at
                                    from jsonb_to_recordset(:drops::jsonb) as r ("nicId" uuid, ingress boolean, reason text,
                                         "ruleId" uuid, protocol smallint, remote inet, local inet, port integer, count bigint,
                                         first timestamptz, last timestamptz)
                                    join nic n on n.id = r."nicId" join vm v on v.id = n.vm_id and v.host_id = :host
                                    group by 1, 2, 3, 4, 5, 6, 7, 8, 9)
                                insert into nic_drop as d (tenant_id, nic_id, ingress, reason, rule_id, protocol, remote, local, port,
                                                           packets, first_at, last_at)
                                select * from told
                                on conflict (nic_id, ingress, reason, rule_id, protocol, remote, local, port) do update set
                                    packets = d.packets + excluded.packets, last_at = greatest(d.last_at, excluded.last_at)
                                returning tenant_id
                                """)
                        .param("drops", json.writeValueAsString(drops))
                        .param("now", now)
                        .param("host", hostId)
                        .query(UUID.class)
                        .list(),
                LiveTopic.DROPS);
    }

    private static boolean isWhole(DroppedPackets drop, Instant now) {
        return drop.nicId() != null
                && drop.reason() != null
                && drop.reason().matches("[a-z0-9-]{1,40}")
                && drop.count() > 0
                && drop.count() < Integer.MAX_VALUE
                && isNear(drop.first(), now)
                && isNear(drop.last(), now)
                && isAddress(drop.remote())
                && isAddress(drop.local())
                && isBetween(drop.protocol(), 255)
                && isBetween(drop.port(), 65_535);
    }

    private static boolean isNear(@Nullable Instant time, Instant now) {
        return time != null && Duration.between(time, now).abs().compareTo(CLOCKS_MAY_DIFFER) < 0;
    }

    private static boolean isBetween(@Nullable Integer number, int most) {
        return number == null || (number >= 0 && number <= most);
    }

    /** What PostgreSQL would not take must not cost the whole report. */
    private static boolean isAddress(@Nullable String text) {
        return text == null || Addresses.isNumeric(text);
    }

    @Scheduled(fixedDelayString = "PT1M")
    void forget() {
        system.sql("delete from nic_drop where last_at < :limit")
                .param("limit", clock.instant().minus(KEPT).atOffset(ZoneOffset.UTC))
                .update();
        system.sql("""
                        delete from nic_drop d using (
                            select tenant_id, (array_agg(last_at order by last_at desc))[:most] as oldest
                            from nic_drop group by tenant_id having count(*) > :most) full_tenant
                        where d.tenant_id = full_tenant.tenant_id and d.last_at < full_tenant.oldest
                        """).param("most", MOST_OF_A_TENANT).update();
    }
}
