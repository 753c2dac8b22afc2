package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * Asks one VM's guest to shut down, again now and then, and remembers which run was asked since when: only for pacing, so
 * that an agent that starts anew merely asks once more.
 */
final class Shutdown {
    private static final Duration ASK_AGAIN = Duration.ofSeconds(20);

    private final UUID vm;
    private final Hypervisor hypervisor;
    private final Clock clock;
    private UUID run;
    private Instant since;
    private Instant asked;

    Shutdown(UUID vm, Hypervisor hypervisor, Clock clock) {
        this.vm = vm;
        this.hypervisor = hypervisor;
        this.clock = clock;
    }

    boolean wasAskedOf(Domain domain) {
        return domain.mark().run().equals(run);
    }

    boolean wasAskedOf(Optional<Domain> domain) {
        return domain.filter(this::wasAskedOf).isPresent();
    }

    /** The guest's time to follow starts anew with the next request. */
    void isOver() {
        since = null;
    }

    /** @return whether this run's time to follow starts now */
    boolean begin(Domain domain) {
        if (since != null && wasAskedOf(domain)) {
            return false;
        }
        run = domain.mark().run();
        since = clock.instant();
        asked = null;
        return true;
    }

    boolean isOlderThan(Duration grace) {
        return clock.instant().isAfter(since.plus(grace));
    }

    /** Unless that was done a moment ago. */
    void ask() throws HypervisorException {
        var now = clock.instant();
        if (asked == null || now.isAfter(asked.plus(ASK_AGAIN))) {
            asked = now;
            askNow();
        }
    }

    /** Through the agent, which is certain to arrive; by the power button where there is none. */
    private void askNow() throws HypervisorException {
        try {
            hypervisor.shutdown(vm, true);
        } catch (HypervisorException e) {
            if (e.kind() == HypervisorException.Kind.UNAVAILABLE || e.kind() == HypervisorException.Kind.GONE) {
                throw e;
            }
            hypervisor.shutdown(vm, false);
        }
    }
}
