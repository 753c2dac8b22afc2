package cloud.freehold.portal.firewall.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class HourlyHitsTests {

    private static final Instant NOW = Instant.parse("2026-03-01T09:05:07Z");

    @Test
    void thePresentHourIsTheLastOfADay() {
        assertThat(HourlyHits.place(Instant.parse("2026-03-01T09:00:00Z"), NOW)).isEqualTo(23);
        assertThat(HourlyHits.place(Instant.parse("2026-02-28T10:00:00Z"), NOW)).isZero();
        assertThat(HourlyHits.place(Instant.parse("2026-02-28T09:00:00Z"), NOW)).isNegative();
        assertThat(HourlyHits.place(Instant.parse("2026-03-01T10:00:00Z"), NOW)).isNegative();
    }

    @Test
    void theHighestHourReachesTheTopAndNoneStaysAtTheBottom() {
        long[] counts = new long[HourlyHits.HOURS];
        counts[0] = 10;
        counts[23] = 5;
        assertThat(HourlyHits.of(counts).points())
                .startsWith("1.0,2.0 ")
                .contains(",18.0 ")
                .endsWith("63.0,10.0");
        assertThat(HourlyHits.NONE.points().split(" ")).hasSize(24).allMatch(point -> point.endsWith(",18.0"));
    }
}
