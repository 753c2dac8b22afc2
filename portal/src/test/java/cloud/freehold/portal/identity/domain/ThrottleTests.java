package cloud.freehold.portal.identity.domain;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.identity.domain.Throttle.Limit;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

@PortalTest
class ThrottleTests {

    private static final Limit LIMIT = new Limit(1, Duration.ofMinutes(1));

    @Autowired
    private Throttle throttle;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    @Test
    void onlyWhatHasLongDrainedIsSwept() {
        throttle.tryOnce("yesterday's", LIMIT);
        clock.advance(Duration.ofHours(25));
        throttle.tryOnce("today's", LIMIT);
        throttle.sweep();
        assertThat(system.sql("select key from throttle_bucket")
                        .query(String.class)
                        .list())
                .containsExactly("today's");
        assertThat(throttle.tryOnce("today's", LIMIT)).isPositive();
    }
}
