package cloud.freehold.portal.traffic.domain;

import java.time.LocalDate;
import java.util.List;

/**
 * What a NIC carried on one day.
 *
 * @param day in UTC
 * @param kinds each kind of traffic once, in order
 */
public record NicDay(LocalDate day, List<Carried> kinds) {

    /** In frames, as the VM sees them. */
    public record Carried(String kind, long receivedPackets, long receivedBytes, long sentPackets, long sentBytes) {

        boolean isNothing() {
            return receivedPackets == 0 && sentPackets == 0;
        }
    }

    public Carried total() {
        return new Carried(
                "All",
                kinds.stream().mapToLong(Carried::receivedPackets).sum(),
                kinds.stream().mapToLong(Carried::receivedBytes).sum(),
                kinds.stream().mapToLong(Carried::sentPackets).sum(),
                kinds.stream().mapToLong(Carried::sentBytes).sum());
    }

    public boolean isEmpty() {
        return kinds.stream().allMatch(Carried::isNothing);
    }
}
