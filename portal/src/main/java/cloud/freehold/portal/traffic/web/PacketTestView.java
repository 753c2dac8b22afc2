package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.traffic.domain.PacketEnd;
import cloud.freehold.portal.traffic.domain.PacketReader;
import cloud.freehold.portal.traffic.domain.TrafficNic;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * @param ends empty while nothing was asked
 * @param errors by field
 */
record PacketTestView(
        List<TrafficNic> nics,
        @Nullable TrafficNic nic,
        PacketReader.Typed typed,
        List<PacketEnd> ends,
        Map<String, String> errors) {

    public boolean isAnswered() {
        return !ends.isEmpty();
    }

    /** The first end that drops it; null when none does. */
    public @Nullable PacketEnd dropping() {
        return ends.stream().filter(PacketEnd::isDropped).findFirst().orElse(null);
    }

    public boolean isAllowed() {
        return ends.stream().allMatch(PacketEnd::isAllowed);
    }

    public boolean asksFlags() {
        return typed.protocol().equalsIgnoreCase("tcp") || typed.protocol().equals("6");
    }

    /** The answer in one sentence. */
    public String headline() {
        PacketEnd dropping = dropping();
        if (dropping != null) {
            return "Dropped where it " + dropping.place() + ": "
                    + Character.toLowerCase(dropping.reason().charAt(0))
                    + dropping.reason().substring(1);
        }
        if (!isAllowed()) {
            return "Not known: an end could not be asked";
        }
        return ends.size() == 2
                ? "It passes both ends"
                : "It passes " + ends.get(0).nic().name();
    }
}
