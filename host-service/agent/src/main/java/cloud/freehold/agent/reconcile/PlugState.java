package cloud.freehold.agent.reconcile;

import cloud.freehold.api.Problem;

/**
 * How far a running VM's devices are as desired.
 *
 * @param isApplied what is plugged is what is desired
 * @param problem why not, null when it is on its way
 */
record PlugState(boolean isApplied, Problem problem) {
    static final PlugState APPLIED = new PlugState(true, null);
    static final PlugState ON_ITS_WAY = new PlugState(false, null);

    PlugState and(PlugState other) {
        return new PlugState(isApplied && other.isApplied, problem == null ? other.problem : problem);
    }
}
