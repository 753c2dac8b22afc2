package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.CommandResult.StoredVolume;
import cloud.freehold.api.desired.PowerState;
import cloud.freehold.api.observed.ObservedVm;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Recovery points of a guest that never stops writing, taken by the real agent, libvirt, QEMU and store, then looked into. */
@Tag("storage")
class BackupIntegrationTest {
    private static final Duration SOON = Orders.PATIENCE;
    private static final long SLOW = 2L << 20;

    @RegisterExtension
    static final SharedHost HOST = new SharedHost();

    private final Rig rig = HOST.rig();
    private final WritingVm vm = HOST.vm();
    private TestStore store;

    @BeforeEach
    void start() throws Exception {
        store = new TestStore(rig);
        // So that a slow backup is still under way when something happens to it.
        vm.say("[ -e /srv/much ] || dd if=/dev/urandom of=/srv/much bs=64k count=96; sync");
        vm.startWriting();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        rig.heal();
        try (var files = Files.list(rig.directory.resolve("vms").resolve(vm.id.toString()))) {
            assertThat(files.map(path -> path.getFileName().toString())).noneMatch(name -> name.endsWith(".scratch"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPointHoldsWhatItPromises(Consistency level) throws Exception {
        vm.startWritingWithoutPause();
        var point = store.backup(vm, level, level);
        var certificate = point.certificate();
        System.out.printf(
                "%s: pause %d ms, freeze %s ms, stops %d, %s%n",
                level,
                certificate.longestPauseMillis(),
                certificate.freezeMillis(),
                certificate.tries(),
                sizes(point.volumes()));
        Promises.check(rig, store, vm, point, level);
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
    void aStoreProgramThatIsKilledIsStartedOnceMore() throws Exception {
        var order = store.order(vm, Consistency.CRASH, Consistency.CRASH, SLOW);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        rig.killStore();
        RestoredPoint.check(rig, store, vm, store.taken(order));
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
        vm.awaitGuest(from);
        assertThat(store.taken(order).certificate().disks()).hasSize(2);
    }

    @Test
    void aVmThatIsKilledDuringItsBackupEndsItWithAReasonAndCostsOneFullRead() throws Exception {
        store.backup(vm, Consistency.CRASH, Consistency.CRASH);
        var order = new TestStore(rig).order(vm, Consistency.CRASH, Consistency.CRASH, SLOW / 2);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        int from = rig.portal.reports().size();
        rig.killQemu(vm.id);
        var end = rig.portal.awaitEnd(order.id(), SOON);
        assertThat(end.problem().code()).isEqualTo(ProblemCode.WRONG_STATE);
        vm.awaitFrom(from, one -> one.state() == ObservedVm.State.CRASHED, SOON);
        vm.awaitGuest(from);
        vm.startWriting();
        var after = store.backup(vm, Consistency.CRASH, Consistency.CRASH);
        assertThat(read(after)).as("bitmaps are lost").isGreaterThan(4L << 20);
        RestoredPoint.check(rig, store, vm, after);
    }
}
