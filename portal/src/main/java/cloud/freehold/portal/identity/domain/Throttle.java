package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.database.SystemAccess;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Leaky buckets in the database, so that a limit holds however many portals there are. A try fills the bucket by one;
 * it drains by itself. One statement does it, so two tries at the same moment are both counted.
 */
@Component
@EnableScheduling
class Throttle {

    /** The longest time in which a full bucket drains, many times over. */
    private static final Duration KEPT = Duration.ofDays(1);

    /**
     * @param capacity tries in a row
     * @param drain how long until one more is allowed
     */
    record Limit(int capacity, Duration drain) {}

    private final JdbcClient system;
    private final Clock clock;

    Throttle(@SystemAccess JdbcClient system, Clock clock) {
        this.system = system;
        this.clock = clock;
    }

    /** Counts a try. Returns how long to wait, zero when this try is allowed. */
    Duration tryOnce(String key, Limit limit) {
        double drainSeconds = limit.drain().toMillis() / 1000.0;
        // A refused try leaves the level where it was: hammering does not lock anybody out for longer.
        Double level = system.sql("""
                        insert into throttle_bucket as b (key, level, at) values (:key, 1, :now)
                        on conflict (key) do update set
                            level = least(:full, 1 + greatest(0,
                                        b.level - greatest(0, extract(epoch from (excluded.at - b.at))) / :drain)),
                            at = excluded.at
                        returning level
                        """)
                .param("key", key)
                .param("now", now())
                .param("full", limit.capacity() + 1.0)
                .param("drain", drainSeconds)
                .query(Double.class)
                .single();
        double excess = level - limit.capacity();
        return excess <= 0 ? Duration.ZERO : Duration.ofSeconds((long) Math.ceil(excess * drainSeconds));
    }

    void forget(String key) {
        system.sql("delete from throttle_bucket where key = :key")
                .param("key", key)
                .update();
    }

    /** Removes buckets that have long drained, or every address that ever mistyped would leave a row. */
    @Scheduled(fixedDelayString = "PT1H")
    void sweep() {
        system.sql("delete from throttle_bucket where at < :before")
                .param("before", now().minus(KEPT))
                .update();
    }

    private OffsetDateTime now() {
        return OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
    }
}
