package cloud.freehold.agent.report;

import static cloud.freehold.agent.Objects.EPOCH;
import static cloud.freehold.agent.Objects.id;
import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.dataplane.DataplaneListener.NicApplied;
import cloud.freehold.agent.dataplane.DataplaneListener.NicCounters;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.observed.ObservedNic;
import cloud.freehold.api.observed.ObservedVm;
import cloud.freehold.api.observed.RuleHits;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ObservationsTest {
    private final Map<UUID, ?> desired = Map.of(id("a"), 1, id("b"), 1);
    private final Observations observations = new Observations(() -> desired, pressing -> {});

    private void applied(long revision, Problem ofB) {
        observations.applied(
                EPOCH,
                revision,
                Instant.EPOCH,
                Map.of(id("a"), new NicApplied(revision, null), id("b"), new NicApplied(revision, ofB)));
    }

    private static NicCounters counters(String nic, long packets) {
        return new NicCounters(id(nic), true, true, packets, 0, 0, 0, 0, Map.of(), null, 0);
    }

    private static ObservedVm vm(ObservedVm.State state) {
        return new ObservedVm(id("vm"), state, null, null, null, null, 1);
    }

    @Test
    void aNewRevisionSaysNothingOfEachNicThatIsFine() {
        applied(1, null);
        assertThat(observations.next(false).nics()).hasSize(2);
        applied(2, null);
        var report = observations.next(false);
        assertThat(report.appliedRevision()).isEqualTo(2);
        assertThat(report.nics()).isEmpty();
    }

    @Test
    void aProblemIsToldWhenItComesAndWhenItGoes() {
        applied(1, null);
        observations.next(false);
        var problem = new Problem(ProblemCode.DATAPLANE_REFUSED, "no", Instant.EPOCH);
        applied(2, problem);
        assertThat(observations.next(false).nics())
                .extracting(ObservedNic::problem)
                .containsExactly(problem);
        applied(3, null);
        assertThat(observations.next(false).nics()).extracting(ObservedNic::id).containsExactly(id("b"));
    }

    @Test
    void countersAreToldWhenTheyMove() {
        applied(1, null);
        observations.next(false);
        observations.ports(List.of(counters("a", 5), counters("b", 0)));
        assertThat(observations.next(false).nics()).hasSize(2);
        observations.ports(List.of(counters("a", 6), counters("b", 0)));
        var moved = observations.next(false).nics();
        assertThat(moved).hasSize(1);
        assertThat(moved.get(0).rxPackets()).isEqualTo(6);
        assertThat(moved.get(0).link()).isEqualTo(ObservedNic.Link.UP);
    }

    @Test
    void whatGotLostIsNewsAgain() {
        observations.vm(vm(ObservedVm.State.RUNNING));
        observations.ruleHits(List.of(new RuleHits(id("rule"), 1, 2, 3, 4, null)));
        var lost = observations.next(false);
        observations.lost(lost);
        observations.vm(vm(ObservedVm.State.STOPPED));
        var again = observations.next(false);
        assertThat(again.vms()).containsExactly(vm(ObservedVm.State.STOPPED));
        assertThat(again.ruleHits()).isEqualTo(lost.ruleHits());
        assertThat(observations.next(false).vms()).isEmpty();
    }

    @Test
    void isNotCompleteBeforeTheVmsAreKnown() {
        assertThat(observations.next(true).complete()).isFalse();
        observations.vmsKnown();
        assertThat(observations.next(true).complete()).isTrue();
    }
}
