package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.CommandResult.StoredVolume;
import cloud.freehold.api.desired.PowerState;
import cloud.freehold.api.observed.ObservedVm;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Recovery points of a guest that never stops writing, taken by the real agent, libvirt, QEMU and store, then looked into. */
@Tag("storage")
class BackupIntegrationTest {
    private static final Duration SOON = Duration.ofSeconds(40);
    private static final long SLOW = 2L << 20;
    /** A handful in every run; -Dfreehold.points=200 for the long suite. */
    private static final int POINTS = Integer.getInteger("freehold.points", 6);

    private static Rig rig;
    private static WritingVm vm;
    private TestStore store;

    @BeforeAll
    static void start() throws Exception {
        rig = new Rig();
        vm = new WritingVm(rig);
        vm.startWriting();
    }

    @AfterAll
    static void stop() throws Exception {
        System.out.println(rig.logs());
        vm.close();
        rig.close();
    }

    @BeforeEach
    void store() throws Exception {
        store = new TestStore(rig);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        rig.heal();
        if (vm.state().equals("running")) {
            assertThat(vm.monitor("query-jobs")).contains("\"return\":[]");
            assertThat(vm.monitor("query-block-exports")).contains("\"return\":[]");
            assertThat(vm.freezeStatus()).contains("thawed");
            try (var files = Files.list(rig.directory.resolve("vms").resolve(vm.id.toString()))) {
                assertThat(files.map(path -> path.getFileName().toString()))
                        .noneMatch(name -> name.endsWith(".scratch"));
            }
        }
    }

    @Test
    void pointsHoldWhatTheyPromiseAtEveryLevel() throws Exception {
        var random = new Random(20260101);
        int barriers = 0;
        for (int i = 0; i < POINTS; i++) {
            var level = Consistency.values()[i % 3];
            var point = store.backup(vm, level, level);
            var certificate = point.certificate();
            assertThat(certificate.achieved()).isEqualTo(level);
            assertThat(certificate.reason()).isNull();
            assertThat(certificate.disks()).hasSize(2).allSatisfy(disk -> {
                if (level != Consistency.CRASH) {
                    assertThat(disk.writesDuring()).isZero();
                }
                if (level == Consistency.BARRIER) {
                    assertThat(disk.writesSinceFlush() == 0 || disk.quietMillis() >= 1000)
                            .isTrue();
                }
            });
            barriers += level == Consistency.BARRIER ? 1 : 0;
            RestoredPoint.check(rig, store, vm, point);
            System.out.printf(
                    "point %d: %s, pause %d ms, freeze %s ms, tries %d, %s%n",
                    i,
                    level,
                    certificate.longestPauseMillis(),
                    certificate.freezeMillis(),
                    certificate.tries(),
                    sizes(point.volumes()));
            Thread.sleep(random.nextInt(300));
        }
        assertThat(barriers).isEqualTo((POINTS + 1) / 3);
        assertThat(vm.state()).isEqualTo("running");
    }

    private static String sizes(List<StoredVolume> volumes) {
        return volumes.stream()
                .map(volume ->
                        "read %d KiB, added %d KiB".formatted(volume.readBytes() >> 10, volume.addedBytes() >> 10))
                .toList()
                .toString();
    }

    @Test
    void theSecondPointReadsOnlyWhatChanged() throws Exception {
        vm.say("killall -STOP fhwriter; sync");
        long first = read(store.backup(vm, Consistency.CRASH, Consistency.CRASH));
        vm.say("dd if=/dev/urandom of=/srv/more bs=64k count=4; sync");
        long second = read(store.backup(vm, Consistency.CRASH, Consistency.CRASH));
        assertThat(second).isBetween(4L << 16, 1L << 20).isLessThan(first / 4);
        vm.say("killall -CONT fhwriter");
        RestoredPoint.check(rig, store, vm, store.backup(vm, Consistency.CRASH, Consistency.CRASH));
    }

    private static long read(BackupTaken point) {
        return point.volumes().stream().mapToLong(StoredVolume::readBytes).sum();
    }

    @Test
    void aKilledAgentTakesThePointAgainAndLeavesNothingHeld() throws Exception {
        var order = store.order(vm, Consistency.FILESYSTEM, Consistency.FILESYSTEM, SLOW);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        rig.killAgent();
        assertThat(vm.state()).isEqualTo("running");
        rig.startAgent();
        RestoredPoint.check(rig, store, vm, store.taken(order));
    }

    @Test
    void libvirtdsDeathDoesNotDisturbAPoint() throws Exception {
        var order = store.order(vm, Consistency.BARRIER, Consistency.BARRIER, SLOW);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        rig.killLibvirtd();
        RestoredPoint.check(rig, store, vm, store.taken(order));
    }

    @Test
    void aStoreProgramThatIsKilledFailsTheOrderAlone() throws Exception {
        var order = store.order(vm, Consistency.CRASH, Consistency.CRASH, SLOW);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        rig.killStore();
        var end = rig.portal.awaitEnd(order.id(), SOON);
        assertThat(end.status()).isEqualTo(CommandProgress.Status.FAILED);
        assertThat(end.problem().code()).isEqualTo(ProblemCode.INTERNAL);
        RestoredPoint.check(rig, store, vm, store.backup(vm, Consistency.CRASH, Consistency.CRASH));
    }

    @Test
    void aCancelledOrderStopsAndLeavesNothing() throws Exception {
        var order = store.order(vm, Consistency.CRASH, Consistency.CRASH, SLOW / 4);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        rig.portal.commands().cancel(order.id());
        var end = rig.portal.awaitEnd(order.id(), SOON);
        assertThat(end.problem().code()).isEqualTo(ProblemCode.CANCELLED);
    }

    @Test
    void aVmThatIsOffIsReadAsItLiesAndOneThatIsStartedMeanwhileAgainLive() throws Exception {
        store.backup(vm, Consistency.CRASH, Consistency.CRASH);
        vm.stop();
        var off = store.backup(vm, Consistency.FILESYSTEM, Consistency.BARRIER);
        assertThat(off.certificate().achieved()).isEqualTo(Consistency.BARRIER);
        assertThat(off.certificate().reason()).contains("off");
        RestoredPoint.check(rig, store, vm, off);
        // The bitmap was kept by the orderly end, and nothing has been written since.
        assertThat(read(store.backup(vm, Consistency.CRASH, Consistency.CRASH))).isLessThanOrEqualTo(read(off));
        var order = new TestStore(rig).order(vm, Consistency.CRASH, Consistency.CRASH, SLOW / 2);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        int from = rig.portal.reports().size();
        vm.power(PowerState.RUNNING);
        vm.awaitFrom(from, one -> one.state() == ObservedVm.State.RUNNING && one.guest() != null, SOON.multipliedBy(2));
        assertThat(store.taken(order).certificate().disks()).hasSize(2);
        vm.acknowledged.forget();
        vm.startWriting();
    }

    @Test
    void aKilledQemuCostsOneFullReadAndNoPoint() throws Exception {
        store.backup(vm, Consistency.CRASH, Consistency.CRASH);
        int from = rig.portal.reports().size();
        rig.killQemu(vm.id);
        vm.awaitFrom(from, one -> one.state() == ObservedVm.State.CRASHED, SOON);
        vm.awaitFrom(from, one -> one.state() == ObservedVm.State.RUNNING && one.guest() != null, SOON.multipliedBy(2));
        vm.acknowledged.forget();
        vm.startWriting();
        var after = store.backup(vm, Consistency.CRASH, Consistency.CRASH);
        RestoredPoint.check(rig, store, vm, after);
    }

    @Test
    void aVmThatIsKilledDuringItsBackupEndsItWithAReason() throws Exception {
        var order = store.order(vm, Consistency.CRASH, Consistency.CRASH, SLOW / 2);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        int from = rig.portal.reports().size();
        rig.killQemu(vm.id);
        var end = rig.portal.awaitEnd(order.id(), SOON);
        assertThat(end.problem().code()).isEqualTo(ProblemCode.WRONG_STATE);
        vm.awaitFrom(from, one -> one.state() == ObservedVm.State.RUNNING && one.guest() != null, SOON.multipliedBy(2));
        vm.acknowledged.forget();
        vm.startWriting();
    }
}
