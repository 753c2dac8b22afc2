package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.RuleId;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** How often rules decided, summed over hosts and counter epochs. */
@Component
public class Hits {

    private final JdbcClient jdbc;
    private final Clock clock;

    Hits(JdbcClient jdbc, Clock clock) {
        this.jdbc = jdbc;
        this.clock = clock;
    }

    /** What one rule has let through or stopped. */
    public record Count(
            long connections,
            long packets,
            long bytes,
            @Nullable Instant last) {

        public static final Count NONE = new Count(0, 0, 0, null);

        public boolean isUnused() {
            return connections == 0 && packets == 0;
        }
    }

    @Transactional(readOnly = true)
    public Map<RuleId, Count> of(TenantId tenant, Collection<RuleId> rules) {
        Map<RuleId, Count> counts = new HashMap<>();
        if (!rules.isEmpty()) {
            jdbc.sql("SELECT rule_id, sum(connections) AS connections, sum(packets) AS packets, sum(bytes) AS bytes,"
                            + " max(last_hit_at) AS last_hit_at FROM rule_hits WHERE tenant_id = ? AND rule_id = ANY (?::uuid[])"
                            + " GROUP BY rule_id")
                    .params(tenant.value(), ids(rules))
                    .query(row -> {
                        counts.put(
                                new RuleId(row.getObject("rule_id", UUID.class)),
                                new Count(
                                        row.getLong("connections"),
                                        row.getLong("packets"),
                                        row.getLong("bytes"),
                                        Times.instant(row, "last_hit_at")));
                    });
        }
        return counts;
    }

    /** Only of those rules that decided something in that time. */
    @Transactional(readOnly = true)
    public Map<RuleId, HourlyHits> hourly(TenantId tenant, Collection<RuleId> rules) {
        Map<RuleId, long[]> counts = new HashMap<>();
        Instant now = clock.instant();
        if (!rules.isEmpty()) {
            jdbc.sql("SELECT rule_id, hour, connections FROM rule_hits_hour"
                            + " WHERE tenant_id = ? AND rule_id = ANY (?::uuid[]) AND hour >= ?")
                    .params(tenant.value(), ids(rules), Times.sql(HourlyHits.first(now)))
                    .query(row -> {
                        int place = HourlyHits.place(Times.required(row, "hour"), now);
                        if (place >= 0) {
                            RuleId rule = new RuleId(row.getObject("rule_id", UUID.class));
                            counts.computeIfAbsent(rule, id -> new long[HourlyHits.HOURS])[place] =
                                    row.getLong("connections");
                        }
                    });
        }
        Map<RuleId, HourlyHits> curves = new HashMap<>();
        counts.forEach((rule, hours) -> curves.put(rule, HourlyHits.of(hours)));
        return curves;
    }

    private static String[] ids(Collection<RuleId> rules) {
        return rules.stream().map(RuleId::toString).toArray(String[]::new);
    }
}
