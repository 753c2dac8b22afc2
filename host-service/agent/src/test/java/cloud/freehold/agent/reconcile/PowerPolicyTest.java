package cloud.freehold.agent.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.reconcile.PowerPolicy.Step;
import cloud.freehold.api.desired.PowerState;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PowerPolicyTest {
    @ParameterizedTest
    @CsvSource({
        // desired, revision, state, off by itself, left off at revision → step
        "RUNNING, 5, ,                false, 0, START",
        "RUNNING, 5, RUNNING,         false, 0, NOTHING",
        "RUNNING, 5, PAUSED,          false, 0, WAIT",
        "RUNNING, 5, PAUSED_ON_ERROR, false, 0, RESUME",
        "RUNNING, 5, SHUTTING_DOWN,   false, 0, WAIT",
        "RUNNING, 5, CRASHED,         false, 0, START_AFTER_CRASH",
        // the host was restarted
        "RUNNING, 5, OFF,             false, 0, START",
        "RUNNING, 5, OFF_BY_FORCE,    false, 0, START",
        // the guest switched itself off: stays so, also when libvirt has forgotten why, until something newer is wanted
        "RUNNING, 5, OFF_BY_GUEST,    true,  0, LEAVE_OFF",
        "RUNNING, 5, OFF_BY_GUEST,    false, 5, LEAVE_OFF",
        "RUNNING, 5, OFF,             false, 5, LEAVE_OFF",
        "RUNNING, 6, OFF_BY_GUEST,    false, 5, START",
        "RUNNING, 6, OFF_BY_GUEST,    true,  5, START",
        "RUNNING, 6, OFF,             false, 5, START",
        // we asked it to, then it was wanted again; or the host's administrator did, with the agent away
        "RUNNING, 5, OFF_BY_GUEST,    false, 0, START",
        "STOPPED, 5, ,                false, 0, NOTHING",
        "STOPPED, 5, OFF,             false, 0, NOTHING",
        "STOPPED, 5, OFF_BY_GUEST,    true,  0, NOTHING",
        "STOPPED, 5, CRASHED,         false, 0, NOTHING",
        "STOPPED, 5, RUNNING,         false, 0, ASK_TO_SHUT_DOWN",
        "STOPPED, 5, PAUSED,          false, 0, ASK_TO_SHUT_DOWN",
        "STOPPED, 5, SHUTTING_DOWN,   true,  0, WAIT",
    })
    void step(PowerState desired, long revision, DomainState state, boolean byItself, long leftOff, Step expected) {
        assertThat(PowerPolicy.step(desired, revision, state, byItself, leftOff))
                .isEqualTo(expected);
    }
}
