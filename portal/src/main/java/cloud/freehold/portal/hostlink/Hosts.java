package cloud.freehold.portal.hostlink;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What pages say about hosts. */
public final class Hosts {

    /** A host that was not heard of for so long is away. Agents report at least every ten seconds. */
    public static final Duration AWAY_AFTER = Duration.ofSeconds(30);

    private Hosts() {}

    public static boolean isAway(@Nullable Instant lastSeen, Instant now) {
        return lastSeen == null || lastSeen.isBefore(now.minus(AWAY_AFTER));
    }
}
