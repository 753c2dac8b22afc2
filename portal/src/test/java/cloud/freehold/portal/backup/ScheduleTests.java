package cloud.freehold.portal.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.portal.common.InvalidInputException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class ScheduleTests {

    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
    private static final Instant NOW = Instant.parse("2026-03-28T12:00:00Z");

    private static Schedule parse(String text) {
        return Schedule.parse(text, "cron", BERLIN, NOW);
    }

    @Test
    void fiveFieldsAreUnderstoodInTheTenantsTime() {
        assertThat(parse("30 2 * * *").next(NOW, BERLIN, 2))
                .startsWith(Instant.parse("2026-03-29T01:30:00Z"))
                .hasSize(2);
        assertThat(parse("0 4 * * *").next(NOW, BERLIN, 2))
                .containsExactly(Instant.parse("2026-03-29T02:00:00Z"), Instant.parse("2026-03-30T02:00:00Z"));
    }

    @Test
    void hourThatComesTwiceIsRunInOrder() {
        Instant before = Instant.parse("2026-10-24T23:00:00Z");
        assertThat(parse("15 * * * *").next(before, BERLIN, 5)).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void nonsenseIsRefusedWithTheField() {
        for (String text :
                new String[] {"", "x", "* * * * *", "*/5 * * * *", "0 0 30 2 *", "61 * * * *", "a".repeat(200)}) {
            assertThatThrownBy(() -> parse(text))
                    .as(text)
                    .isInstanceOfSatisfying(
                            InvalidInputException.class,
                            e -> assertThat(e.fields()).extracting("field").containsExactly("cron"));
        }
    }

    @Test
    void missedMomentsAreCaughtUpOnce() {
        Schedule hourly = parse("0 * * * *");
        Instant until = NOW.plusSeconds(5 * 3600 + 60);
        assertThat(hourly.lastDue(NOW, until, ZoneOffset.UTC)).contains(NOW.plusSeconds(5 * 3600));
        assertThat(hourly.lastDue(NOW.plusSeconds(5 * 3600), until, ZoneOffset.UTC))
                .isEmpty();
    }

    @Test
    void simpleOnesHaveASentence() {
        assertThat(parse("30 2 * * *").inWords()).isEqualTo("every day at 02:30");
        assertThat(parse("0 22 * * 1-5").inWords()).isEqualTo("Monday to Friday at 22:00");
        assertThat(parse("5 3 * * SUN").inWords()).isEqualTo("every Sunday at 03:05");
        assertThat(parse("0 1 L * *").inWords()).isEqualTo("on the last day of each month at 01:00");
        assertThat(parse("0 */6 * * *").inWords()).isEqualTo("every 6 hours");
        assertThat(parse("0 * * * *").inWords()).isEqualTo("every hour");
        assertThat(parse("0 1,13 * * *").inWords()).isEqualTo("0 1,13 * * *");
    }
}
