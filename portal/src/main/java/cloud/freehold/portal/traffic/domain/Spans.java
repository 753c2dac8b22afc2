package cloud.freehold.portal.traffic.domain;

/** Spans of time for people: the two greatest units at most. */
final class Spans {

    private static final long SECOND = 1_000;
    private static final long MINUTE = 60 * SECOND;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;

    private Spans() {}

    static String words(long millis) {
        long span = Math.max(0, millis);
        if (span < MINUTE) {
            return span / SECOND + " s";
        } else if (span < 10 * MINUTE) {
            return two(span / MINUTE, "min", span % MINUTE / SECOND, "s");
        } else if (span < HOUR) {
            return span / MINUTE + " min";
        } else if (span < DAY) {
            return two(span / HOUR, "h", span % HOUR / MINUTE, "min");
        }
        return two(span / DAY, "d", span % DAY / HOUR, "h");
    }

    private static String two(long great, String greatUnit, long small, String smallUnit) {
        return great + " " + greatUnit + (small == 0 ? "" : " " + small + " " + smallUnit);
    }
}
