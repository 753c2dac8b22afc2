package cloud.freehold.portal.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DurationsTests {
    private static final Instant NOW = Instant.parse("2026-03-29T01:00:00Z");

    private final Durations durations = new Durations(Clock.fixed(NOW, ZoneOffset.UTC));

    @ParameterizedTest
    @CsvSource({
        "PT-1S, 0 ms",
        "PT0.999S, 999 ms",
        "PT4.29S, 4.2 s",
        "PT119S, 119 s",
        "PT2M, 2 min",
        "PT9M30S, 9 min 30 s",
        "PT10M30S, 10 min",
        "PT26H, 26 h",
        "PT2H10M, 2 h 10 min",
        "PT75H, 3 d 3 h",
        "P40D, 40 d",
    })
    void saysTwoUnitsAtTheMost(Duration length, String expected) {
        assertThat(durations.format(length)).isEqualTo(expected);
    }

    @Test
    void anAgeIsNoMatterOfMilliseconds() {
        assertThat(durations.since(NOW.minusMillis(444))).isEqualTo("< 1 min");
        assertThat(durations.since(NOW.minusSeconds(60))).isEqualTo("60 s");
        assertThat(durations.since(null)).isEqualTo("never");
    }
}
