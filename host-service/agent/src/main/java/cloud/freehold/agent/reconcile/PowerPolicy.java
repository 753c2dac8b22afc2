package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.api.desired.PowerState;

/** What to do about a VM's power. */
final class PowerPolicy {
    enum Step {
        NOTHING,
        START,
        /** It crashed: start it again, after a pause that grows. */
        START_AFTER_CRASH,
        /** The guest switched itself off and was not asked to: that is the tenant's will, too. */
        LEAVE_OFF,
        ASK_TO_SHUT_DOWN,
        WAIT,
        RESUME
    }

    /**
     * @param state null: there is no domain
     * @param byItself the guest ran under this agent's eyes, and was not asked to shut down. Who finds a guest off that it
     *     never saw alive finds a host that was brought down for maintenance: its guests were asked, and are wanted again
     * @param leftOffAtRevision the VM's revision at which the guest switched itself off; 0: it did not
     */
    static Step step(PowerState desired, long revision, DomainState state, boolean byItself, long leftOffAtRevision) {
        return switch (desired) {
            case STOPPED -> stop(state);
            case RUNNING -> run(revision, state, byItself, leftOffAtRevision);
        };
    }

    private static Step stop(DomainState state) {
        if (state == null || state.isOff()) {
            return Step.NOTHING;
        }
        return state == DomainState.SHUTTING_DOWN ? Step.WAIT : Step.ASK_TO_SHUT_DOWN;
    }

    private static Step run(long revision, DomainState state, boolean byItself, long leftOffAtRevision) {
        if (state == null) {
            return Step.START;
        }
        return switch (state) {
            case RUNNING -> Step.NOTHING;
            case PAUSED -> Step.WAIT;
            case PAUSED_ON_ERROR -> Step.RESUME;
            case SHUTTING_DOWN -> Step.WAIT;
            case CRASHED -> Step.START_AFTER_CRASH;
            case OFF_BY_GUEST ->
                leftOffAtRevision == revision || leftOffAtRevision == 0 && byItself ? Step.LEAVE_OFF : Step.START;
            case OFF, OFF_BY_FORCE -> leftOffAtRevision == revision ? Step.LEAVE_OFF : Step.START;
        };
    }

    private PowerPolicy() {}
}
