package cloud.freehold.agent.common;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long to wait before the next try: doubling, capped, jittered so that a thousand hosts do not come back at once. */
public final class Backoff {
    private final Duration first;
    private final Duration most;
    private final RandomGenerator random;
    private int failures;

    public Backoff(Duration first, Duration most, RandomGenerator random) {
        this.first = first;
        this.most = most;
        this.random = random;
    }

    /** Counts a failure. */
    public Duration failed() {
        long doubled = first.toMillis() << Math.min(failures++, 20);
        long cap = Math.min(Math.max(doubled, first.toMillis()), most.toMillis());
        return Duration.ofMillis(cap / 2 + random.nextLong(cap / 2 + 1));
    }

    public void succeeded() {
        failures = 0;
    }

    public int failures() {
        return failures;
    }
}
