package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.observed.HostReport;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveTopic;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Counters of rules. They are cumulative within their epoch, so the greatest value is the truth however often and in which
 * order reports come. A rule must be on the host, or have been counted there before it was removed.
 */
@Component
class ObservedHits {

    private final JdbcClient system;
    private final JsonMapper json;

    ObservedHits(@SystemAccess JdbcClient system, JsonMapper json) {
        this.system = system;
        this.json = json;
    }

    void store(UUID hostId, HostReport report, HostReports.Changes changes) {
        if (report.ruleHits() == null || report.ruleHits().isEmpty()) {
            return;
        }
        changes.add(
                system.sql("""
                                with r as (
                                    select distinct on (x.rule, x.epoch) x.*, coalesce(o.tenant_id, known.tenant_id) as tenant_id
                                    from jsonb_to_recordset(:hits::jsonb) as x (rule uuid, epoch numeric, connections bigint,
                                         packets bigint, bytes bigint, last timestamptz)
                                    left join rule on rule.id = x.rule
                                    left join host_object o on o.host_id = :host and o.kind = 'SECURITY_GROUP'
                                         and o.object_id = rule.group_id
                                    left join lateral (select tenant_id from rule_hits h
                                                       where h.rule_id = x.rule and h.host_id = :host limit 1) known on true
                                    where coalesce(o.tenant_id, known.tenant_id) is not null
                                    order by x.rule, x.epoch, x.packets desc)
                                insert into rule_hits as h (rule_id, tenant_id, host_id, counter_epoch, connections, packets,
                                                            bytes, last_hit_at)
                                select rule, tenant_id, :host, epoch, connections, packets, bytes, last from r order by rule, epoch
                                on conflict (rule_id, host_id, counter_epoch) do update set
                                    connections = greatest(h.connections, excluded.connections),
                                    packets = greatest(h.packets, excluded.packets),
                                    bytes = greatest(h.bytes, excluded.bytes),
                                    last_hit_at = greatest(h.last_hit_at, excluded.last_hit_at)
                                    where h.packets < excluded.packets or h.connections < excluded.connections
                                          or h.bytes < excluded.bytes
                                returning h.tenant_id
                                """)
                        .param("hits", HostReports.array(json, rows(report)))
                        .param("host", hostId)
                        .query(UUID.class)
                        .list(),
                LiveTopic.HITS);
    }

    /** The epoch is an unsigned number, which JSON and Java's long would show as negative. */
    private static List<Map<String, Object>> rows(HostReport report) {
        return report.ruleHits().stream()
                .filter(hit -> hit.ruleId() != null)
                .map(hit -> {
                    Map<String, Object> row = new LinkedHashMap<>();
                    row.put("rule", hit.ruleId());
                    row.put("epoch", Long.toUnsignedString(hit.counterEpoch()));
                    row.put("connections", Math.max(0, hit.connections()));
                    row.put("packets", Math.max(0, hit.packets()));
                    row.put("bytes", Math.max(0, hit.bytes()));
                    row.put("last", hit.lastHit());
                    return row;
                })
                .toList();
    }
}
