package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.RuleId;
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

    Hits(JdbcClient jdbc) {
        this.jdbc = jdbc;
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
                    .params(tenant.value(), rules.stream().map(RuleId::toString).toArray(String[]::new))
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
}
