package cloud.freehold.portal.firewall.domain;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/**
 * A rule's new connections in the last hours, as a curve.
 *
 * @param counts from the oldest hour to the present one
 */
public record HourlyHits(List<Long> counts) {

    public static final int HOURS = 24;
    public static final HourlyHits NONE = of(new long[HOURS]);

    /** Where the curve is drawn, in tenths, with a line's breadth left on all sides. */
    private static final int LEFT = 10;

    private static final int RIGHT = 630;
    private static final int TOP = 20;
    private static final int BOTTOM = 180;

    static HourlyHits of(long[] counts) {
        return new HourlyHits(LongStream.of(counts).boxed().toList());
    }

    /** The first hour that counts. */
    static Instant first(Instant now) {
        return now.truncatedTo(ChronoUnit.HOURS).minus(Duration.ofHours(HOURS - 1));
    }

    /** Its place, or a negative number when it is not among the last hours. */
    static int place(Instant hour, Instant now) {
        long place = Duration.between(first(now), hour).toHours();
        return place < HOURS ? (int) place : -1;
    }

    public long total() {
        return counts.stream().mapToLong(Long::longValue).sum();
    }

    /** The points of an SVG polyline in a box of 64 by 20; the highest hour reaches the top. */
    public String points() {
        long highest = Math.max(1, Collections.max(counts));
        StringBuilder points = new StringBuilder();
        for (int hour = 0; hour < counts.size(); hour++) {
            append(points, LEFT + hour * (RIGHT - LEFT) / (counts.size() - 1)).append(',');
            append(points, BOTTOM - Math.round((BOTTOM - TOP) * (double) counts.get(hour) / highest))
                    .append(' ');
        }
        return points.toString().stripTrailing();
    }

    private static StringBuilder append(StringBuilder points, long tenths) {
        return points.append(tenths / 10).append('.').append(tenths % 10);
    }
}
