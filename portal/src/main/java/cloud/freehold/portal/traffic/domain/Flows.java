package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.ConnectionFilter;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.firewall.RuleMention;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** The connections that a NIC had in the last week, as far as its host has told: the latest packet first. */
@Component
public class Flows {

    public static final int PAGE = 50;

    private final JdbcClient jdbc;
    private final TrafficNics nics;
    private final Firewall firewall;

    Flows(JdbcClient jdbc, TrafficNics nics, Firewall firewall) {
        this.jdbc = jdbc;
        this.nics = nics;
        this.firewall = firewall;
    }

    /** @param after where the page before ended; null or nonsense: from the latest on */
    @Transactional(readOnly = true)
    public FlowPage page(TenantId tenant, TrafficNic nic, FlowFilter filter, @Nullable String after) {
        FlowPlace place = FlowPlace.read(after).orElse(null);
        List<Flow> found = rows(tenant, nic, filter, place, PAGE + 1);
        List<Flow> shown = found.size() > PAGE ? found.subList(0, PAGE) : found;
        Flow end = found.size() > PAGE ? shown.get(PAGE - 1) : null;
        Map<UUID, RuleMention> rules = firewall.mentions(
                tenant,
                shown.stream()
                        .map(Flow::ruleId)
                        .filter(Objects::nonNull)
                        .distinct()
                        .toList());
        Map<String, TrafficNic> peers = nics.neighbours(
                tenant, nic.networkId(), shown.stream().map(Flow::remote).toList());
        return new FlowPage(
                shown.stream().map(flow -> named(flow, rules, peers)).toList(),
                end == null ? null : FlowPlace.of(end).write(),
                FlowGap.all(gaps(tenant, nic, end == null ? null : end.last(), place == null ? null : place.last())));
    }

    /**
     * What is missing, by the hour, the latest first.
     *
     * @param from null: as far back as the log goes
     * @param to null: until now
     */
    @Transactional(readOnly = true)
    List<FlowGap> gaps(TenantId tenant, TrafficNic nic, @Nullable Instant from, @Nullable Instant to) {
        return jdbc.sql("""
                        select lost, hour, hour + interval '1 hour' as end from nic_flow_loss
                        where tenant_id = :tenant and nic_id = :nic
                          and (:from::timestamptz is null or hour > :from::timestamptz - interval '1 hour')
                          and (:to::timestamptz is null or hour <= :to::timestamptz)
                        order by hour desc
                        """)
                .param("tenant", tenant.value())
                .param("nic", nic.id())
                .param("from", from == null ? null : from.atOffset(ZoneOffset.UTC))
                .param("to", to == null ? null : to.atOffset(ZoneOffset.UTC))
                .query((row, number) -> new FlowGap(
                        row.getLong("lost"),
                        row.getObject("hour", OffsetDateTime.class).toInstant(),
                        row.getObject("end", OffsetDateTime.class).toInstant()))
                .list();
    }

    /**
     * Without names, which may change.
     *
     * @param after where to go on; null: from the latest on
     */
    @Transactional(readOnly = true)
    List<Flow> rows(TenantId tenant, TrafficNic nic, FlowFilter filter, @Nullable FlowPlace after, int most) {
        ConnectionFilter tuple = filter.connection();
        FlowEnd end = filter.end();
        return jdbc.sql("""
                        select sequence, ingress, ending, revoked, protocol, host(remote) as remote, remote_port, host(local) as local,
                               local_port, host(public_address) as public_address, public_port, received_bytes, received_packets,
                               sent_bytes, sent_packets, first_at, last_at, rule_id
                        from flow_record
                        where tenant_id = :tenant and nic_id = :nic
                          and (:remote::inet is null or remote <<= :remote::inet or public_address <<= :remote::inet)
                          and (:port::integer is null or (protocol not in (1, 58) and :port::integer in (remote_port, local_port)))
                          and (:protocol::integer is null or protocol = :protocol::integer)
                          and (:state::text is null or state = :state::text)
                          and (:ingress::boolean is null or ingress = :ingress::boolean)
                          and (:ending::text is null or (ending = :ending::text and revoked = :revoked::boolean))
                          and (:allowed::boolean is null or revoked <> :allowed::boolean)
                          and (:last::timestamptz is null or (last_at, sequence) < (:last::timestamptz, :sequence::bigint))
                        order by last_at desc, sequence desc limit :most
                        """)
                .param("tenant", tenant.value())
                .param("nic", nic.id())
                .param("remote", tuple.remote())
                .param("port", tuple.port())
                .param("protocol", tuple.protocol())
                .param("state", tuple.state())
                .param("ingress", tuple.ingress())
                .param("ending", end == null ? null : end.ending())
                .param("revoked", end == FlowEnd.CUT)
                .param("allowed", filter.allowed())
                .param("last", after == null ? null : after.last().atOffset(ZoneOffset.UTC))
                .param("sequence", after == null ? null : after.sequence())
                .param("most", most)
                .query(Flows::flow)
                .list();
    }

    private static Flow flow(ResultSet row, int number) throws SQLException {
        return new Flow(
                row.getLong("sequence"),
                row.getBoolean("ingress"),
                FlowEnd.stored(row.getString("ending"), row.getBoolean("revoked")),
                row.getInt("protocol"),
                row.getString("remote"),
                row.getInt("remote_port"),
                row.getString("local"),
                row.getInt("local_port"),
                row.getString("public_address"),
                row.getObject("public_port", Integer.class),
                null,
                row.getLong("received_bytes"),
                row.getLong("received_packets"),
                row.getLong("sent_bytes"),
                row.getLong("sent_packets"),
                row.getObject("first_at", OffsetDateTime.class).toInstant(),
                row.getObject("last_at", OffsetDateTime.class).toInstant(),
                row.getObject("rule_id", UUID.class),
                null);
    }

    private static Flow named(Flow flow, Map<UUID, RuleMention> rules, Map<String, TrafficNic> peers) {
        return new Flow(
                flow.sequence(),
                flow.ingress(),
                flow.end(),
                flow.protocolNumber(),
                flow.remote(),
                flow.remotePort(),
                flow.local(),
                flow.localPort(),
                flow.publicAddress(),
                flow.publicPort(),
                peers.get(flow.remote()),
                flow.receivedBytes(),
                flow.receivedPackets(),
                flow.sentBytes(),
                flow.sentPackets(),
                flow.first(),
                flow.last(),
                flow.ruleId(),
                flow.ruleId() == null ? null : rules.get(flow.ruleId()));
    }
}
