package cloud.freehold.agent.moment;

import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/**
 * How consistent the volumes of a VM are that is off. Nothing is in flight, and QEMU flushed when it ended, so it counts as a barrier when the
 * guest had shut itself down, and as a crash when the plug was pulled.
 */
public final class StoppedVm {

    /**
     * @param domain empty: it never ran here
     * @throws OrderFailure CONSISTENCY_NOT_REACHED: it is less than what is acceptable
     */
    public static Certificate certificate(
            Optional<Domain> domain, Consistency wanted, Consistency acceptable, Clock clock) throws OrderFailure {
        boolean orderly = domain.map(Domain::state).orElse(DomainState.OFF_BY_GUEST) == DomainState.OFF_BY_GUEST;
        var achieved = orderly ? Consistency.BARRIER : Consistency.CRASH;
        var reason = orderly
                ? "The VM was off: its guest had shut down, and nothing was under way."
                : "The VM was off, and not by a shutdown of its guest: its volumes are as after a power failure.";
        if (achieved.compareTo(acceptable) < 0) {
            throw new OrderFailure(
                    ProblemCode.CONSISTENCY_NOT_REACHED,
                    reason
                            + " Nothing less than the level wanted was acceptable: start the VM, or accept a weaker level, then"
                            + " repeat.");
        }
        return new Certificate(
                achieved,
                clock.instant(),
                null,
                0,
                0,
                List.of(),
                null,
                null,
                achieved.compareTo(wanted) < 0 ? reason : null);
    }

    private StoppedVm() {}
}
