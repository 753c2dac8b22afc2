package cloud.freehold.portal.common;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Lengths of time for people; templates find it as {@code @durations}. */
@Component("durations")
public class Durations {

    private final Clock clock;

    Durations(Clock clock) {
        this.clock = clock;
    }

    /** Two units at the most, such as {@code 85 ms}, {@code 4.2 s}, {@code 2 h 10 min}, {@code 3 d}. */
    public String format(@Nullable Duration length) {
        if (length == null) {
            return "—";
        }
        long millis = Math.max(0, length.toMillis());
        if (millis < 1_000) {
            return millis + " ms";
        }
        if (millis < 10_000) {
            return millis / 1000 + "." + millis % 1000 / 100 + " s";
        }
        long seconds = millis / 1000;
        if (seconds < 120) {
            return seconds + " s";
        }
        if (seconds < 7_200) {
            return two(seconds / 60, "min", seconds % 60, "s", 10);
        }
        long minutes = seconds / 60;
        if (minutes < 2 * 24 * 60) {
            return two(minutes / 60, "h", minutes % 60, "min", 24);
        }
        return two(minutes / 60 / 24, "d", minutes / 60 % 24, "h", 7);
    }

    public String millis(long millis) {
        return format(Duration.ofMillis(millis));
    }

    /** How long ago that was; what is on a page is soon older. */
    public String since(@Nullable Instant at) {
        if (at == null) {
            return "never";
        }
        var age = Duration.between(at, clock.instant());
        return age.compareTo(Duration.ofMinutes(1)) < 0 ? "< 1 min" : format(age);
    }

    /** The smaller unit only matters while there are few of the greater. */
    private static String two(long great, String greatUnit, long small, String smallUnit, int few) {
        return great + " " + greatUnit + (small == 0 || great >= few ? "" : " " + small + " " + smallUnit);
    }
}
