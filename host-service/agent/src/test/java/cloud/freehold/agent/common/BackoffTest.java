package cloud.freehold.agent.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BackoffTest {
    @Test
    void doublesUpToItsCapAndNeverWaitsLessThanHalf() {
        var backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2), new Random(1));
        for (long expected = 100; expected < 2000; expected *= 2) {
            assertThat(backoff.failed().toMillis()).isBetween(expected / 2, expected);
        }
        for (int i = 0; i < 100; i++) {
            assertThat(backoff.failed().toMillis()).isBetween(1000L, 2000L);
        }
        backoff.succeeded();
        assertThat(backoff.failed().toMillis()).isBetween(50L, 100L);
    }
}
