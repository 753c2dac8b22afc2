package cloud.freehold.portal.traffic.domain;

import cloud.freehold.portal.common.TenantId;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** What NICs carried, by day and by where to. */
@Component
public class NicDays {

    private static final Map<String, String> WORDS = Map.of(
            "NETWORK", "In its network",
            "ROUTED", "With your other networks",
            "EXTERNAL", "With the outside");
    private static final List<String> ORDER = List.of("NETWORK", "ROUTED", "EXTERNAL");

    private final JdbcClient jdbc;
    private final Clock clock;

    NicDays(JdbcClient jdbc, Clock clock) {
        this.jdbc = jdbc;
        this.clock = clock;
    }

    /** Since midnight, UTC. */
    @Transactional(readOnly = true)
    public NicDay today(TenantId tenant, TrafficNic nic) {
        LocalDate day = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        Map<String, NicDay.Carried> byKind = jdbc
                .sql("""
                        select kind, received_packets, received_bytes, sent_packets, sent_bytes from nic_traffic_day
                        where tenant_id = :tenant and nic_id = :nic and day = :day
                        """)
                .param("tenant", tenant.value())
                .param("nic", nic.id())
                .param("day", day)
                .query((row, number) -> new NicDay.Carried(
                        row.getString("kind"),
                        row.getLong("received_packets"),
                        row.getLong("received_bytes"),
                        row.getLong("sent_packets"),
                        row.getLong("sent_bytes")))
                .list()
                .stream()
                .collect(Collectors.toMap(NicDay.Carried::kind, Function.identity()));
        return new NicDay(day, ORDER.stream().map(kind -> named(kind, byKind)).toList());
    }

    private static NicDay.Carried named(String kind, Map<String, NicDay.Carried> byKind) {
        NicDay.Carried c = byKind.getOrDefault(kind, new NicDay.Carried(kind, 0, 0, 0, 0));
        return new NicDay.Carried(
                WORDS.getOrDefault(kind, kind), c.receivedPackets(), c.receivedBytes(), c.sentPackets(), c.sentBytes());
    }
}
