package cloud.freehold.agent.report;

import cloud.freehold.agent.dataplane.DropEvent;
import cloud.freehold.api.observed.DroppedPackets;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Counts equal drops until they are reported. A NIC that is scanned has very many different ones: beyond its share they
 * are counted together, by reason alone, so that it takes no room from others.
 */
final class DropTally {
    static final int MOST_OF_A_NIC = 200;
    static final int MOST = 2_000;

    private record Kind(
            UUID nic,
            boolean ingress,
            String reason,
            UUID rule,
            Integer protocol,
            String remote,
            String local,
            Integer port) {

        Kind withoutAddresses() {
            return new Kind(nic, ingress, reason, null, null, null, null, null);
        }
    }

    private record Count(long packets, Instant first, Instant last) {
        Count plus(Count other) {
            return new Count(
                    packets + other.packets,
                    first.isBefore(other.first) ? first : other.first,
                    last.isAfter(other.last) ? last : other.last);
        }
    }

    private final Map<Kind, Count> counts = new LinkedHashMap<>();
    private final Map<UUID, Integer> kindsOf = new HashMap<>();

    boolean isEmpty() {
        return counts.isEmpty();
    }

    void add(DropEvent event) {
        boolean ip = event.protocol() != null;
        add(
                new Kind(
                        event.nic(),
                        event.ingress(),
                        event.reason(),
                        event.rule(),
                        event.protocol(),
                        ip ? event.ingress() ? event.source() : event.destination() : null,
                        ip ? event.ingress() ? event.destination() : event.source() : null,
                        ip ? (Integer) event.destinationPort() : null),
                new Count(1, event.at(), event.at()));
    }

    private void add(Kind kind, Count count) {
        boolean room = counts.size() < MOST && kindsOf.getOrDefault(kind.nic(), 0) < MOST_OF_A_NIC;
        var counted = counts.containsKey(kind) || room ? kind : kind.withoutAddresses();
        if (counts.merge(counted, count, Count::plus).equals(count)) {
            kindsOf.merge(counted.nic(), 1, Integer::sum);
        }
    }

    /** All that was counted, of these NICs; the count starts anew. */
    List<DroppedPackets> take(Predicate<UUID> nics) {
        var taken = counts.entrySet().stream()
                .filter(entry -> nics.test(entry.getKey().nic()))
                .map(entry -> told(entry.getKey(), entry.getValue()))
                .toList();
        counts.clear();
        kindsOf.clear();
        return taken;
    }

    private static DroppedPackets told(Kind kind, Count count) {
        return new DroppedPackets(
                kind.nic(),
                kind.ingress(),
                kind.reason(),
                kind.rule(),
                kind.protocol(),
                kind.remote(),
                kind.local(),
                kind.port(),
                count.packets(),
                count.first(),
                count.last());
    }

    /** What was taken did not arrive. */
    void giveBack(List<DroppedPackets> taken) {
        for (var drop : taken) {
            add(
                    new Kind(
                            drop.nicId(),
                            drop.ingress(),
                            drop.reason(),
                            drop.ruleId(),
                            drop.protocol(),
                            drop.remote(),
                            drop.local(),
                            drop.port()),
                    new Count(drop.count(), drop.first(), drop.last()));
        }
    }
}
