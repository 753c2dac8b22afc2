package cloud.freehold.portal.traffic.domain;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is missing from a part of the flow log: records that found no room at the host.
 *
 * @param records at least so many, in whole hours
 * @param from the first of these hours
 * @param to the end of the last of them
 */
public record FlowGap(long records, Instant from, Instant to) {

    private static final DateTimeFormatter HOUR =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** All of them as one; null: nothing is missing. */
    static @Nullable FlowGap all(List<FlowGap> latestFirst) {
        return latestFirst.isEmpty()
                ? null
                : new FlowGap(
                        latestFirst.stream().mapToLong(FlowGap::records).sum(),
                        latestFirst.get(latestFirst.size() - 1).from(),
                        latestFirst.get(0).to());
    }

    /** "Between 2026-11-26 08:00 and 2026-11-26 09:00 UTC". */
    public String when() {
        return "Between " + HOUR.format(from) + " and " + HOUR.format(to) + " UTC";
    }
}
