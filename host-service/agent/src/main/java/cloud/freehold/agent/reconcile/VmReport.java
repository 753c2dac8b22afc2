package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.report.Observations;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.observed.ObservedVm;
import cloud.freehold.api.observed.ObservedVm.GuestFacts;
import cloud.freehold.api.observed.ObservedVm.ObservedVolume;
import cloud.freehold.api.observed.ObservedVm.State;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/** What this host says about one VM: written by the machine's worker, read by anybody. */
final class VmReport {
    private final UUID vm;
    private final Observations observations;
    private final Supplier<List<ObservedVolume>> volumes;
    private final Clock clock;
    private volatile GuestFacts guest;
    private volatile ObservedVm last;

    /** @param volumes those that are there now */
    VmReport(UUID vm, Observations observations, Supplier<List<ObservedVolume>> volumes, Clock clock) {
        this.vm = vm;
        this.observations = observations;
        this.volumes = volumes;
        this.clock = clock;
    }

    /** Null until something was said. */
    ObservedVm last() {
        return last;
    }

    Problem problem(ProblemCode code, String message) {
        return new Problem(code, message, clock.instant());
    }

    /**
     * What the guest agent told.
     *
     * @param facts null: nothing
     * @return whether it is about the run that the report is about
     */
    boolean heardFromGuest(UUID run, GuestFacts facts) {
        if (last == null || !run.toString().equals(last.instance())) {
            return false;
        }
        guest = facts;
        return true;
    }

    /** A run ended or began: what the guest told before is of another one. */
    void forgetGuest() {
        guest = null;
    }

    /** Says it with what is known of the run from before. */
    void say(State state, Problem problem) {
        var before = last;
        tell(
                before == null
                        ? new ObservedVm(vm, state, null, null, null, problem, 0)
                        : new ObservedVm(
                                vm,
                                state,
                                before.instance(),
                                before.startedAt(),
                                before.guest(),
                                problem,
                                before.appliedRevision()));
    }

    /** That there is no run, and nothing is wrong with that. */
    void sayWithoutRun(State state, long appliedRevision) {
        say(state, null, null, appliedRevision);
    }

    /** @param domain null: libvirt has none */
    void say(State state, Problem problem, Domain domain, long appliedRevision) {
        boolean runs = domain != null && !domain.state().isOff();
        tell(new ObservedVm(
                vm,
                state,
                runs ? domain.mark().run().toString() : null,
                runs ? domain.mark().startedAt() : null,
                runs ? guest : null,
                problem,
                appliedRevision));
    }

    /** A problem that was there before keeps the time at which it was first seen. */
    private void tell(ObservedVm now) {
        var before = last == null ? null : last.problem();
        var problem = now.problem();
        boolean same = before != null
                && problem != null
                && before.code() == problem.code()
                && before.message().equals(problem.message());
        last = new ObservedVm(
                vm,
                now.state(),
                now.instance(),
                now.startedAt(),
                now.guest(),
                same ? before : problem,
                now.appliedRevision(),
                volumes.get());
        observations.vm(last);
    }
}
