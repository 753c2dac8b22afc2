package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.common.Backoff;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How long a VM that crashed stays off: longer each time, until a run lasted. */
final class CrashPause {
    private static final Logger LOG = LoggerFactory.getLogger(CrashPause.class);
    private static final Duration STABLE = Duration.ofMinutes(10);

    private final UUID vm;
    private final Clock clock;
    private final Backoff backoff = new Backoff(Duration.ofSeconds(2), Duration.ofMinutes(2), new Random());
    private UUID run;
    private Instant until;

    CrashPause(UUID vm, Clock clock) {
        this.vm = vm;
        this.clock = clock;
    }

    /** @return zero: start it now */
    Duration left(Domain crashed) {
        var now = clock.instant();
        if (!crashed.mark().run().equals(run)) {
            run = crashed.mark().run();
            until = now.plus(backoff.failed());
            LOG.warn("VM {} crashed (run {}); it is started again at {}.", vm, run, until);
        }
        return now.isBefore(until) ? Duration.between(now, until) : Duration.ZERO;
    }

    void noteRunning(Domain domain) {
        if (domain.mark().startedAt().plus(STABLE).isBefore(clock.instant())) {
            backoff.succeeded();
        }
    }
}
