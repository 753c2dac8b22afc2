package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.ConnectionFilter;
import cloud.freehold.api.query.ConnectionName;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.LiveConnection;
import cloud.freehold.api.query.Question;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.firewall.PacketWords;
import cloud.freehold.portal.firewall.RuleMention;
import cloud.freehold.portal.hostlink.HostQuestions;
import cloud.freehold.portal.hostlink.Reply;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.springframework.stereotype.Component;

/** A NIC's live connections, as its host has them at this moment. Not for use in a transaction: it waits for the host. */
@Component
public class Connections {

    public static final int PAGE = 50;
    private static final int MOST_AT_ONCE = 500;
    private static final int SHOWN_IN_TRAIL = 20;

    private final HostQuestions hosts;
    private final TrafficNics nics;
    private final Firewall firewall;
    private final AuditTrail audit;
    private final TenantTransaction transactions;

    Connections(
            HostQuestions hosts,
            TrafficNics nics,
            Firewall firewall,
            AuditTrail audit,
            TenantTransaction transactions) {
        this.hosts = hosts;
        this.nics = nics;
        this.firewall = firewall;
        this.audit = audit;
        this.transactions = transactions;
    }

    /** What the host says; {@code show} makes a page of it. */
    public Reply<Finding.Connections> ask(
            TenantId tenant, TrafficNic nic, ConnectionFilter filter, ConnectionSort sort) {
        return hosts.ofNic(
                tenant,
                nic.id(),
                new Question.ListConnections(nic.id(), filter, sort.order(), sort.descending(), sort.after(), PAGE));
    }

    /** With names where there are only ids and addresses. */
    public ConnectionPage show(TenantId tenant, TrafficNic nic, Finding.Connections found) {
        List<LiveConnection> live = found.connections() == null
                ? List.of()
                : found.connections().stream()
                        .filter(Connections::isWhole)
                        .limit(PAGE)
                        .toList();
        return transactions.read(tenant, () -> {
            Map<UUID, RuleMention> rules = firewall.mentions(
                    tenant,
                    live.stream()
                            .map(LiveConnection::ruleId)
                            .filter(Objects::nonNull)
                            .distinct()
                            .toList());
            Map<String, TrafficNic> peers = nics.neighbours(
                    tenant,
                    nic.networkId(),
                    live.stream().map(Connections::remoteOf).toList());
            return new ConnectionPage(
                    live.stream()
                            .map(connection -> connection(connection, rules, peers))
                            .toList(),
                    Math.max(0, found.matching()),
                    Math.max(0, found.live()),
                    found.complete(),
                    ConnectionSort.cursor(found.next()));
        });
    }

    /** A host that is not what it should be may leave things out. */
    private static boolean isWhole(LiveConnection connection) {
        ConnectionName name = connection.name();
        return name != null
                && connection.state() != null
                && name.source() != null
                && name.destination() != null
                && PacketWords.single(name.source()).isPresent()
                && PacketWords.single(name.destination()).isPresent()
                && name.protocol() >= 0
                && name.protocol() <= 255;
    }

    private static String remoteOf(LiveConnection connection) {
        String far = connection.ingress()
                ? connection.name().source()
                : connection.name().destination();
        return PacketWords.single(far).orElse(far);
    }

    private static Connection connection(
            LiveConnection live, Map<UUID, RuleMention> rules, Map<String, TrafficNic> peers) {
        ConnectionName name = live.name();
        boolean in = live.ingress();
        String remote = remoteOf(live);
        String local = in ? name.destination() : name.source();
        return new Connection(
                name,
                in,
                PacketWords.protocol(name.protocol()),
                PacketWords.single(local).orElse(local),
                remote,
                PacketWords.hasPorts(name.protocol())
                        ? Integer.valueOf(in ? name.sourcePort() : name.destinationPort())
                        : null,
                peers.get(remote),
                PacketWords.port(name.protocol(), name.destinationPort()),
                live.state(),
                live.answered(),
                in ? live.bytesForth() : live.bytesBack(),
                in ? live.packetsForth() : live.packetsBack(),
                in ? live.bytesBack() : live.bytesForth(),
                in ? live.packetsBack() : live.packetsForth(),
                live.ageMillis(),
                live.expiresInMillis(),
                live.ruleId() == null ? null : rules.get(live.ruleId()));
    }

    /**
     * Ends these connections, as far as they are still there.
     *
     * @param keys as {@link Connection#key()} gives them
     * @return how many there were
     */
    public long end(TenantId tenant, TrafficNic nic, List<String> keys) {
        List<ConnectionName> names = keys.stream().map(ConnectionKey::read).toList();
        if (names.isEmpty() || names.size() > MOST_AT_ONCE) {
            throw InvalidInputException.field(
                    "connections.name",
                    "which",
                    "Name between 1 and " + MOST_AT_ONCE + " connections, or end all that match a search.");
        }
        long ended = end(tenant, nic, new Question.EndConnections(nic.id(), names, null));
        record(
                tenant,
                nic,
                ended,
                Map.of(
                        "connections",
                        names.stream()
                                .limit(SHOWN_IN_TRAIL)
                                .map(Connections::words)
                                .toList()));
        return ended;
    }

    /** Ends all that match. */
    public long endAll(TenantId tenant, TrafficNic nic, String search) {
        ConnectionFilter filter = ConnectionSearch.read(search);
        long ended = end(tenant, nic, new Question.EndConnections(nic.id(), null, filter));
        record(tenant, nic, ended, Map.of("matching", search.isBlank() ? "all" : search.strip()));
        return ended;
    }

    private long end(TenantId tenant, TrafficNic nic, Question.EndConnections question) {
        return Math.max(0, hosts.ofNic(tenant, nic.id(), question).orElseThrow().ended());
    }

    private void record(TenantId tenant, TrafficNic nic, long ended, Map<String, Object> what) {
        Map<String, Object> after = new java.util.LinkedHashMap<>(what);
        after.put("ended", ended);
        transactions.run(
                tenant,
                () -> audit.record(
                        tenant,
                        AuditEntry.of("connections.ended", "nic", nic.id(), nic.name())
                                .after(after)));
    }

    private static String words(ConnectionName name) {
        Function<Integer, String> port = number -> PacketWords.hasPorts(name.protocol()) ? " port " + number : "";
        return PacketWords.protocol(name.protocol()) + " " + name.source() + port.apply(name.sourcePort()) + " to "
                + name.destination() + port.apply(name.destinationPort());
    }
}
