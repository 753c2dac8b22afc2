package cloud.freehold.portal.hostlink;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How far hosts are with the last change of something that they have to know.
 *
 * @param hosts how many have to know it
 * @param applied how many of them have applied it
 * @param away how many of the others do not answer
 * @param took from the commit to the last host's acknowledgement; null while it is not known (any more)
 */
public record HostProgress(
        int hosts, int applied, int away, @Nullable Duration took) {

    /** No host has to know it. */
    public static final HostProgress UNUSED = new HostProgress(0, 0, 0, null);

    public boolean isEnforced() {
        return hosts > 0 && applied == hosts;
    }

    /** Nobody waits for a host, or a host will not answer soon: no use in asking again. */
    public boolean isSettled() {
        return applied + away == hosts;
    }

    /** The state of the shell's chip. */
    public String chip() {
        return hosts == 0 ? "off" : isEnforced() ? "enforced" : away > 0 ? "away" : "applying";
    }

    public String words() {
        if (hosts == 0) {
            return "no VM uses it";
        }
        if (isEnforced()) {
            return took == null ? "enforced" : "enforced in " + duration(took);
        }
        return away > 0 ? "host away, change waits" : "applying";
    }

    /** Milliseconds, or seconds when there are many. */
    public static String duration(Duration took) {
        long millis = Math.max(1, took.toMillis());
        return millis < 10_000 ? millis + " ms" : took.toSeconds() + " s";
    }
}
