package cloud.freehold.agent.dataplane;

import static cloud.freehold.agent.Objects.EPOCH;
import static cloud.freehold.agent.Objects.change;
import static cloud.freehold.agent.Objects.delta;
import static cloud.freehold.agent.Objects.full;
import static cloud.freehold.agent.Objects.group;
import static cloud.freehold.agent.Objects.id;
import static cloud.freehold.agent.Objects.members;
import static cloud.freehold.agent.Objects.network;
import static cloud.freehold.agent.Objects.nic;
import static cloud.freehold.agent.Objects.removal;
import static cloud.freehold.agent.Objects.router;
import static cloud.freehold.agent.Objects.rule;
import static cloud.freehold.agent.Objects.vm;
import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.Objects;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.desired.DesiredState;
import cloud.freehold.api.desired.PowerState;
import cloud.freehold.api.observed.RuleHits;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DataplaneTest {
    private record Applied(long revision, Map<UUID, DataplaneListener.NicApplied> nics) {}

    private final FakeLink fake = new FakeLink();
    private final BlockingQueue<Applied> applied = new LinkedBlockingQueue<>();
    private final BlockingQueue<Problem> problems = new LinkedBlockingQueue<>();
    private Dataplane dataplane;
    private Desired desired = Desired.NOTHING;

    @BeforeEach
    void start() {
        dataplane = new Dataplane(fake, Path.of("/sockets"), new Listener(), Clock.systemUTC()).start();
    }

    @AfterEach
    void stop() {
        dataplane.close();
    }

    private final class Listener implements DataplaneListener {
        @Override
        public void applied(UUID epoch, long revision, Instant at, Map<UUID, NicApplied> nics) {
            applied.add(new Applied(revision, nics));
        }

        @Override
        public void ports(List<NicCounters> ports) {}

        @Override
        public void drops(List<DropEvent> dropped) {}

        @Override
        public void ruleHits(List<RuleHits> cumulative) {}

        @Override
        public void dataplane(String version, Problem problem) {
            if (problem != null) {
                problems.add(problem);
            }
        }
    }

    private Applied told(DesiredState state) throws InterruptedException {
        desired = desired.with(state).orElseThrow();
        dataplane.want(desired);
        return awaitApplied();
    }

    private Applied awaitApplied() throws InterruptedException {
        var seen = applied.poll(10, TimeUnit.SECONDS);
        assertThat(seen).as("applied").isNotNull();
        return seen;
    }

    private Applied everything() throws InterruptedException {
        return told(full(
                5,
                network(1),
                members(2, "10.0.0.1", "10.0.0.2", "10.0.0.3"),
                group(3, rule("r", Objects.MEMBERS)),
                nic("nic", "vm", 4),
                vm("vm", 5, PowerState.RUNNING)));
    }

    @Test
    void tellsEverythingFirstAndThenWhatChanged() throws Exception {
        everything();
        assertThat(fake.commits.get(0).replaceAll()).isTrue();
        assertThat(fake.objects).hasSize(4);
        told(delta(6, change(2, 6, List.of("10.0.0.4"), List.of("10.0.0.1"))));
        var second = fake.commits.get(1);
        assertThat(second.replaceAll()).isFalse();
        assertThat(second.changes()).hasSize(1);
        assertThat(second.changes().get(0)).isInstanceOfSatisfying(Change.ChangeMembers.class, members -> {
            assertThat(members.base()).isEqualTo(2);
            assertThat(members.added()).containsExactly("10.0.0.4");
            assertThat(members.removed()).containsExactly("10.0.0.1");
        });
    }

    @Test
    void removesWhatIsNoLongerThere() throws Exception {
        everything();
        told(removal(6, new ObjectRef(ObjectKind.NIC, id("nic"))));
        assertThat(fake.objects)
                .doesNotContainKey(new ObjectRef(ObjectKind.NIC, id("nic")))
                .hasSize(3);
    }

    @Test
    void routersComeAndGoAndOneThatIsRefusedIsSaidByTheNicsOfItsNetworks() throws Exception {
        everything();
        var router = new ObjectRef(ObjectKind.ROUTER, id("router"));
        told(delta(6, router(6)));
        assertThat(fake.objects).containsEntry(router, 6L);
        synchronized (fake) {
            fake.poisonous.add(router);
        }
        var seen = told(delta(7, router(7)));
        assertThat(fake.objects).containsEntry(router, 6L);
        assertThat(seen.nics().get(id("nic")).problem().code()).isEqualTo(ProblemCode.DATAPLANE_REFUSED);
        synchronized (fake) {
            fake.poisonous.clear();
        }
        told(removal(8, router));
        assertThat(fake.objects).doesNotContainKey(router);
    }

    @Test
    void aDataplaneThatWasRestartedIsToldEverythingUnasked() throws Exception {
        everything();
        fake.restart();
        awaitApplied();
        assertThat(fake.objects).hasSize(4);
        assertThat(fake.commits.get(1).replaceAll()).isTrue();
    }

    @Test
    void oneThatIsAwayIsToldWhenItIsBack() throws Exception {
        everything();
        fake.up(false);
        assertThat(problems.poll(10, TimeUnit.SECONDS).code()).isEqualTo(ProblemCode.DATAPLANE_UNAVAILABLE);
        fake.up(true);
        // It kept its state, so there is nothing to tell but the change.
        told(delta(6, group(6)));
        assertThat(fake.commits.get(1).changes()).hasSize(1);
    }

    @Test
    void aCommitWhoseAnswerIsLostIsReportedAndNotRepeated() throws Exception {
        everything();
        fake.loseAnswer();
        told(delta(6, group(6)));
        assertThat(fake.commits).hasSize(2);
        told(delta(7, group(7)));
        assertThat(fake.commits.get(2).replaceAll()).isFalse();
    }

    @Test
    void aStaleSetIsPutWhole() throws Exception {
        everything();
        synchronized (fake) {
            fake.objects.put(new ObjectRef(ObjectKind.GROUP_MEMBERS, id("group")), 99L);
        }
        told(delta(6, change(2, 6, List.of("10.0.0.4"), List.of())));
        assertThat(fake.commits.get(1).changes().get(0)).isInstanceOf(Change.PutSet.class);
    }

    @Test
    void oneBadObjectDoesNotHoldUpTheOthers() throws Exception {
        everything();
        var bad = new ObjectRef(ObjectKind.NIC, id("bad"));
        synchronized (fake) {
            fake.poisonous.add(bad);
        }
        var seen = told(delta(6, nic("bad", "vm", 6), group(6)));
        assertThat(seen.revision()).isEqualTo(6);
        assertThat(seen.nics().get(id("nic")).problem()).isNull();
        assertThat(seen.nics().get(id("bad")).problem().code()).isEqualTo(ProblemCode.DATAPLANE_REFUSED);
        assertThat(fake.objects).containsEntry(new ObjectRef(ObjectKind.SECURITY_GROUP, id("group")), 6L);
        synchronized (fake) {
            fake.poisonous.clear();
        }
        // The next change tries it again.
        assertThat(told(delta(7, group(7))).nics().get(id("bad")).problem()).isNull();
        assertThat(fake.objects).containsKey(bad);
    }

    @Test
    void aRefusedGroupKeepsItsOldRulesAndItsNicsSaySo() throws Exception {
        everything();
        var group = new ObjectRef(ObjectKind.SECURITY_GROUP, id("group"));
        synchronized (fake) {
            fake.poisonous.add(group);
        }
        var seen = told(delta(6, group(6)));
        assertThat(fake.objects).containsEntry(group, 3L);
        assertThat(seen.nics().get(id("nic")).problem().code()).isEqualTo(ProblemCode.DATAPLANE_REFUSED);
        assertThat(seen.nics().get(id("nic")).revision()).isEqualTo(5);
    }

    @Test
    void neverGoesBackBehindWhatTheDataplaneHas() throws Exception {
        dataplane.close();
        fake.mark(8);
        start();
        desired = desired.with(full(5, network(1))).orElseThrow();
        dataplane.want(desired);
        assertThat(problems.poll(10, TimeUnit.SECONDS).message()).contains("waits for the portal");
        assertThat(fake.commits).isEmpty();
        assertThat(told(full(9, network(9))).revision()).isEqualTo(9);
        assertThat(fake.commits).hasSize(1);
        assertThat(fake.commits.get(0).epoch()).isEqualTo(EPOCH);
    }

    @Test
    void portsAreInPlaceOnceCommitted() throws Exception {
        assertThat(dataplane.awaitPorts(Map.of(id("nic"), 1L), Duration.ofMillis(1)))
                .isFalse();
        everything();
        assertThat(dataplane.awaitPorts(Map.of(id("nic"), 1L), Duration.ofSeconds(1)))
                .isTrue();
        assertThat(dataplane.awaitPorts(Map.of(id("nic"), 2L), Duration.ofMillis(1)))
                .isFalse();
    }

    @Test
    void networksBeyondTheHostComeAndGoAsAWhole() throws InterruptedException {
        told(full(
                5,
                vm("vm", 1, PowerState.RUNNING),
                network(2),
                Objects.external(2),
                Objects.uplink(2),
                Objects.router(3),
                Objects.remoteNic(4)));
        assertThat(fake.objects)
                .containsEntry(new ObjectRef(ObjectKind.UPLINK, id("uplink")), 2L)
                .containsEntry(new ObjectRef(ObjectKind.NETWORK, id("external")), 2L)
                .containsEntry(new ObjectRef(ObjectKind.ROUTER, id("router")), 3L)
                .containsEntry(new ObjectRef(ObjectKind.REMOTE_NIC, id("remote")), 4L);
        told(delta(6, Objects.router(6), Objects.remoteNic(6)));
        assertThat(fake.commits.get(fake.commits.size() - 1).changes())
                .extracting(Change::object)
                .containsExactlyInAnyOrder(
                        new ObjectRef(ObjectKind.ROUTER, id("router")),
                        new ObjectRef(ObjectKind.REMOTE_NIC, id("remote")));
        told(removal(
                7,
                new ObjectRef(ObjectKind.ROUTER, id("router")),
                new ObjectRef(ObjectKind.REMOTE_NIC, id("remote")),
                new ObjectRef(ObjectKind.NETWORK, id("external")),
                new ObjectRef(ObjectKind.UPLINK, id("uplink"))));
        assertThat(fake.objects.keySet()).containsExactly(new ObjectRef(ObjectKind.NETWORK, id("network")));
    }

    @Test
    void aMissingUplinkIsSaidByTheNicsThatNeedItAndNothingElseSuffers() throws Exception {
        fake.restart("eth0");
        var seen = told(full(
                5,
                vm("vm", 1, PowerState.RUNNING),
                network(2),
                Objects.external(2),
                Objects.uplink(2),
                router(3),
                group(3),
                nic("inside", "vm", 4),
                Objects.withPublicAddress(nic("outside", "vm", 4), "198.51.100.10")));
        assertThat(fake.objects).containsKey(new ObjectRef(ObjectKind.NIC, id("outside")));
        assertThat(seen.nics().get(id("inside")).problem()).isNull();
        var outside = seen.nics().get(id("outside"));
        assertThat(outside.revision()).isEqualTo(5);
        assertThat(outside.problem().code()).isEqualTo(ProblemCode.UPLINK_MISSING);
        assertThat(outside.problem().message()).contains("the network outside", "--uplink eth1");

        // With tunnels: only who has somebody to reach there.
        seen = told(delta(6, Objects.overTunnels(network(6)), Objects.remoteNic(6)));
        assertThat(seen.nics().get(id("inside")).problem().message()).contains("other hosts", "--uplink eth1");
        fake.restart("eth0", "eth1");
        seen = awaitApplied();
        assertThat(seen.nics().values())
                .allSatisfy(nic -> assertThat(nic.problem()).isNull());
    }
}
