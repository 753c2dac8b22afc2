package cloud.freehold.agent.reconcile;

import static cloud.freehold.agent.Objects.id;
import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.libvirt.DomainMark;
import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class CrashPauseTest {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final CrashPause pause = new CrashPause(id("vm"), new Clock() {
        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    });

    private Domain run(int number) {
        return new Domain(id("vm"), DomainState.CRASHED, new DomainMark("main", id("run " + number), 1, "", 64, now));
    }

    /** Crashes at once, again and again. */
    private Duration pauseAfterCrashes(int first, int count) {
        var left = Duration.ZERO;
        for (int number = first; number < first + count; number++) {
            left = pause.left(run(number));
            now = now.plus(left);
        }
        return left;
    }

    @Test
    void aCrashedRunIsFollowedByTheNextOnceThePauseIsOver() {
        var crashed = run(1);
        var left = pause.left(crashed);
        assertThat(left).isBetween(Duration.ofMillis(1), Duration.ofSeconds(2));
        now = now.plus(left);
        assertThat(pause.left(crashed)).isZero();
    }

    @Test
    void aVmThatKeepsCrashingIsStartedEverMoreSeldom() {
        assertThat(pauseAfterCrashes(1, 8)).isBetween(Duration.ofMinutes(1), Duration.ofMinutes(2));
    }

    @Test
    void aRunThatLastedMakesUpForTheCrashesBefore() {
        pauseAfterCrashes(1, 8);
        var lasting = run(9);
        now = now.plus(Duration.ofMinutes(11));
        pause.noteRunning(lasting);
        assertThat(pause.left(run(10))).isLessThanOrEqualTo(Duration.ofSeconds(2));
    }
}
