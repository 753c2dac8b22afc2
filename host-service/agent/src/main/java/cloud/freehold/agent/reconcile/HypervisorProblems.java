package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import java.time.Instant;

/** What tenants read when libvirt says no; the details are for the host's log. */
public final class HypervisorProblems {
    public static Problem of(HypervisorException e, Instant now) {
        return switch (e.kind()) {
            case UNAVAILABLE, TIMED_OUT ->
                new Problem(
                        ProblemCode.HYPERVISOR_UNAVAILABLE,
                        "The host's hypervisor does not answer for this VM; the host tries again.",
                        now);
            case GONE, WRONG_STATE ->
                new Problem(ProblemCode.WRONG_STATE, "The VM was not in a state for it; the host looks again.", now);
            case NO_AGENT, AGENT_SILENT ->
                new Problem(ProblemCode.GUEST_UNRESPONSIVE, "No guest agent answers in this VM.", now);
            case REFUSED ->
                new Problem(
                        ProblemCode.HYPERVISOR_REFUSED,
                        "The hypervisor refused to run the VM; the host tries again. The provider finds the reason in the"
                                + " host's log.",
                        now);
        };
    }

    /** Of an order, which nobody repeats by himself. */
    public static Problem ofOrder(HypervisorException e, Instant now) {
        return switch (e.kind()) {
            case UNAVAILABLE, TIMED_OUT ->
                new Problem(
                        ProblemCode.HYPERVISOR_UNAVAILABLE,
                        "The host's hypervisor did not answer for this VM. Repeat it when the host is well again.",
                        now);
            case GONE, WRONG_STATE ->
                new Problem(
                        ProblemCode.WRONG_STATE,
                        "The VM was not in a state for it. Look whether it runs, then repeat it.",
                        now);
            case NO_AGENT, AGENT_SILENT -> of(e, now);
            case REFUSED ->
                new Problem(
                        ProblemCode.HYPERVISOR_REFUSED,
                        "The hypervisor refused it. Repeat it; if it stays so, the provider finds the reason in the host's log.",
                        now);
        };
    }

    private HypervisorProblems() {}
}
