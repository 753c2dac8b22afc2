package cloud.freehold.portal.traffic.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.firewall.PacketWords;
import cloud.freehold.portal.firewall.RuleMention;
import cloud.freehold.portal.traffic.domain.Remedies.Remedy;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** What was dropped at a tenant's NICs in the last hour, as far as the hosts have told. */
@Component
public class Drops {

    public static final int SHOWN = 200;

    private static final TypeReference<Map<String, Long>> COUNTS = new TypeReference<>() {};

    private final JdbcClient jdbc;
    private final TrafficNics nics;
    private final Firewall firewall;
    private final Remedies remedies;
    private final JsonMapper json;

    Drops(JdbcClient jdbc, TrafficNics nics, Firewall firewall, Remedies remedies, JsonMapper json) {
        this.jdbc = jdbc;
        this.nics = nics;
        this.firewall = firewall;
        this.remedies = remedies;
        this.json = json;
    }

    private record Row(
            UUID nic,
            boolean ingress,
            String reason,
            @Nullable UUID rule,
            @Nullable Integer protocol,
            @Nullable String remote,
            @Nullable String local,
            @Nullable Integer port,
            long packets,
            Instant first,
            Instant last) {}

    /**
     * The latest {@value #SHOWN}, newest first.
     *
     * @param among all NICs that may be meant
     * @param nic null: of all of them
     */
    @Transactional(readOnly = true)
    public List<Drop> latest(TenantId tenant, List<TrafficNic> among, @Nullable TrafficNic nic) {
        Map<UUID, TrafficNic> byId = among.stream().collect(Collectors.toMap(TrafficNic::id, each -> each));
        List<Row> rows = rows(tenant, nic == null ? byId.keySet() : List.of(nic.id()));
        Map<UUID, RuleMention> rules = firewall.mentions(
                tenant,
                rows.stream().map(Row::rule).filter(Objects::nonNull).distinct().toList());
        Map<String, TrafficNic> owners = new HashMap<>();
        among.forEach(each ->
                each.addresses().forEach(address -> owners.putIfAbsent(each.networkId() + " " + address, each)));
        Map<Row, List<Remedy>> ways = ways(tenant, rows, byId);
        return rows.stream()
                .map(row -> drop(row, byId, owners, rules, ways.getOrDefault(row, List.of())))
                .toList();
    }

    private List<Row> rows(TenantId tenant, Collection<UUID> ids) {
        return jdbc.sql("""
                        select nic_id, ingress, reason, rule_id, protocol, host(remote) as remote, host(local) as local, port,
                               packets, first_at, last_at
                        from nic_drop where tenant_id = :tenant and nic_id = any (:nics)
                        order by last_at desc, nic_id, remote, port limit :shown
                        """)
                .param("tenant", tenant.value())
                .param("nics", ids.toArray(UUID[]::new))
                .param("shown", SHOWN)
                .query((row, number) -> new Row(
                        row.getObject("nic_id", UUID.class),
                        row.getBoolean("ingress"),
                        row.getString("reason"),
                        row.getObject("rule_id", UUID.class),
                        row.getObject("protocol", Integer.class),
                        row.getString("remote"),
                        row.getString("local"),
                        row.getObject("port", Integer.class),
                        row.getLong("packets"),
                        row.getObject("first_at", OffsetDateTime.class).toInstant(),
                        row.getObject("last_at", OffsetDateTime.class).toInstant()))
                .list();
    }

    /** A rule helps only against what no rule allows. */
    private Map<Row, List<Remedy>> ways(TenantId tenant, List<Row> rows, Map<UUID, TrafficNic> byId) {
        Map<UUID, Remedies.Offer> offers = new HashMap<>();
        Map<Row, List<Remedy>> ways = new HashMap<>();
        for (Row row : rows) {
            DropReason reason = DropReason.of(row.reason());
            TrafficNic nic = byId.get(row.nic());
            if ((reason == DropReason.DEFAULT || reason == DropReason.REVOKED)
                    && nic != null
                    && row.protocol() != null
                    && row.remote() != null
                    && row.port() != null) {
                ways.put(
                        row,
                        offers.computeIfAbsent(row.nic(), id -> remedies.offer(tenant, nic))
                                .allow(row.ingress(), row.protocol(), row.remote(), row.port()));
            }
        }
        return ways;
    }

    private static Drop drop(
            Row row,
            Map<UUID, TrafficNic> byId,
            Map<String, TrafficNic> owners,
            Map<UUID, RuleMention> rules,
            List<Remedy> ways) {
        TrafficNic nic = Objects.requireNonNull(byId.get(row.nic()));
        return new Drop(
                nic,
                row.ingress(),
                row.reason(),
                row.protocol(),
                row.protocol() == null ? null : PacketWords.protocol(row.protocol()),
                row.remote(),
                row.local(),
                row.port(),
                row.remote() == null ? null : owners.get(nic.networkId() + " " + row.remote()),
                row.protocol() == null || row.port() == null ? "" : PacketWords.port(row.protocol(), row.port()),
                row.packets(),
                row.first(),
                row.last(),
                row.rule() == null ? null : rules.get(row.rule()),
                ways);
    }

    /** A reason and how many packets it cost. */
    public record ReasonCount(String code, String title, long packets) {}

    /** Of one NIC since its dataplane started, all of them counted; the greatest first. */
    @Transactional(readOnly = true)
    public List<ReasonCount> counters(TenantId tenant, TrafficNic nic) {
        Map<String, Long> counts = jdbc.sql(
                        "select drop_reasons::text from nic_status where tenant_id = :tenant and nic_id = :nic")
                .param("tenant", tenant.value())
                .param("nic", nic.id())
                .query(String.class)
                .optional()
                .map(text -> json.readValue(text, COUNTS))
                .orElseGet(LinkedHashMap::new);
        return counts.entrySet().stream()
                .filter(entry -> entry.getValue() != null && entry.getValue() > 0)
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .map(entry -> new ReasonCount(entry.getKey(), DropReason.titleOf(entry.getKey()), entry.getValue()))
                .toList();
    }
}
