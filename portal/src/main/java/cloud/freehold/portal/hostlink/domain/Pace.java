package cloud.freehold.portal.hostlink.domain;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * How often something may happen for each host: so many times in a row, then once in an interval. Each portal counts for
 * itself, since what is limited is work and not a secret's guesses.
 */
final class Pace {

    /** @param level times in a row, less what has drained */
    private record Bucket(double level, Instant at) {}

    private final int inARow;
    private final Duration again;
    private final Clock clock;
    private final ConcurrentMap<UUID, Bucket> buckets = new ConcurrentHashMap<>();

    Pace(int inARow, Duration again, Clock clock) {
        this.inARow = inARow;
        this.again = again;
        this.clock = clock;
    }

    /** Counts it when it may happen. */
    boolean allows(UUID host) {
        Instant now = clock.instant();
        boolean[] allowed = {false};
        buckets.compute(host, (id, before) -> {
            double level = before == null ? 0 : drained(before, now);
            allowed[0] = level + 1 <= inARow;
            return new Bucket(allowed[0] ? level + 1 : level, now);
        });
        return allowed[0];
    }

    private double drained(Bucket bucket, Instant now) {
        double passed = Math.max(0, Duration.between(bucket.at(), now).toMillis());
        return Math.max(0, bucket.level() - passed / again.toMillis());
    }
}
