package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.common.UnixStream;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.HostCommand.RestoreVolumes;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.desired.PowerState;
import cloud.freehold.api.observed.ObservedVm;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Points brought back to real guests. */
@Tag("storage")
class RestoreIntegrationTest {
    private static final Duration SOON = Orders.PATIENCE;
    private static final long SLOW = 512L << 10;

    @RegisterExtension
    static final SharedHost HOST = new SharedHost();

    private static TestStore store;
    private static BackupTaken point;
    private static String recordsSum;

    private final Rig rig = HOST.rig();
    private final Orders orders = HOST.orders();
    private final WritingVm vm = HOST.vm();

    @BeforeAll
    static void start() throws Exception {
        var vm = HOST.vm();
        store = new TestStore(HOST.rig());
        vm.startWriting();
        vm.stopWriting();
        vm.say("echo before >/srv/state; sync");
        recordsSum = vm.say("md5sum </srv/records");
        point = store.backup(vm, Consistency.FILESYSTEM, Consistency.FILESYSTEM);
        vm.say("echo after >/srv/state; sync");
    }

    private VolumeRoot rootOf(UUID volume) {
        return point.volumes().stream()
                .map(stored -> stored.root())
                .filter(root -> root.volumeId().equals(volume))
                .findFirst()
                .orElseThrow();
    }

    /** @param to by volume, whose data it gets */
    private RestoreVolumes order(WritingVm target, boolean live, long bytesPerSecond, VolumeRoot... roots) {
        var order = new RestoreVolumes(
                UUID.randomUUID(),
                Orders.deadline(),
                vm.tenant.id,
                target.id,
                store.ref,
                List.of(roots),
                live,
                bytesPerSecond);
        rig.portal.commands().input(order.id(), store.input());
        return order;
    }

    private static VolumeRoot as(UUID volume, VolumeRoot root) {
        return new VolumeRoot(volume, root.root(), root.sizeBytes());
    }

    private RestoreVolumes inPlace(long bytesPerSecond) {
        return order(vm, false, bytesPerSecond, rootOf(vm.boot), rootOf(vm.data));
    }

    @Test
    void inPlaceOfAStoppedVmAndNothingIsTouchedWhenThePointIsNotThere() throws Exception {
        vm.say("echo after >/srv/state; sync");
        vm.stop();
        var file = rig.directory.resolve("vms").resolve(vm.id.toString()).resolve(vm.boot + ".qcow2");
        var before = Shell.run("md5sum", file.toString());
        var end = orders.end(order(vm, false, 0, tampered(rootOf(vm.boot))));
        assertThat(end.problem().code()).isIn(ProblemCode.STORE_DAMAGED, ProblemCode.INTERNAL);
        assertThat(Shell.run("md5sum", file.toString())).isEqualTo(before);
        orders.done(inPlace(0));
        vm.start();
        assertThat(vm.say("cat /srv/state")).isEqualTo("before");
    }

    private static VolumeRoot tampered(VolumeRoot root) {
        var text = root.root();
        return new VolumeRoot(
                root.volumeId(),
                text.substring(0, text.length() - 1) + (text.endsWith("A") ? "B" : "A"),
                root.sizeBytes());
    }

    @Test
    void notUnderARunningVm() {
        var end = orders.end(inPlace(0));
        assertThat(end.problem().code()).isEqualTo(ProblemCode.WRONG_STATE);
    }

    @Test
    void aVmThatIsToBeStartedWaitsForItsVolumesAlsoWhenTheAgentDies() throws Exception {
        vm.say("echo after >/srv/state; sync");
        vm.stop();
        var order = inPlace(SLOW / 4);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        int from = rig.portal.reports().size();
        vm.power(PowerState.RUNNING);
        var waiting = vm.awaitFrom(from, one -> one.problem() != null, SOON);
        assertThat(waiting.problem().message()).contains("being restored");
        rig.killAgent();
        rig.startAgent();
        assertThat(rig.portal.awaitEnd(order.id(), SOON).status()).isEqualTo(CommandProgress.Status.DONE);
        vm.awaitGuest(from);
        assertThat(vm.say("cat /srv/state")).isEqualTo("before");
    }

    @Test
    void toANewVmThatWaitsForItsVolumes() throws Exception {
        try (var copy = new WritingVm(rig, DesiredVolume.Origin.RESTORED, DesiredVolume.Origin.RESTORED)) {
            copy.await(one -> one.state() == ObservedVm.State.CREATING, SOON);
            orders.done(order(copy, false, 0, as(copy.boot, rootOf(vm.boot)), as(copy.data, rootOf(vm.data))));
            copy.awaitGuest(0);
            assertThat(copy.say("cat /srv/state")).isEqualTo("before");
            assertThat(copy.say("fhwriter check /dev/vdb")).matches("/dev/vdb [1-9][0-9]* 0");
        }
    }

    @Test
    void aVolumeIsPluggedIntoTheRunningVmAndGoesWhenNobodyUsesIt() throws Exception {
        var before = vm.volumes();
        var more = new DesiredVolume(
                UUID.randomUUID(), "old data", 2, WritingVm.BOOT_BYTES, DesiredVolume.Origin.RESTORED, null);
        vm.volumes(before.get(0), before.get(1), more);
        orders.done(order(vm, false, 0, as(more.id(), rootOf(vm.boot))));
        Rig.await(
                "the disk in the guest",
                SOON,
                () -> says("[ -b /dev/vdc ] && echo there").equals("there"));
        assertThat(vm.say("mkdir -p /tmp/old; mount -o ro /dev/vdc1 /tmp/old && cat /tmp/old/state"))
                .isEqualTo("before");
        int from = rig.portal.reports().size();
        vm.volumes(before.get(0), before.get(1));
        var kept = vm.awaitFrom(from, one -> one.problem() != null, SOON);
        assertThat(kept.problem().code()).isEqualTo(ProblemCode.WRONG_STATE);
        assertThat(says("[ -b /dev/vdc ] && echo there")).isEqualTo("there");
        vm.say("umount /tmp/old");
        Rig.await(
                "the disk gone",
                SOON,
                () -> says("[ -b /dev/vdc ] || echo gone").equals("gone"));
        vm.awaitFrom(from, one -> one.problem() == null && one.appliedRevision() == rig.portal.revision(), SOON);
    }

    @Test
    void aNewVmRunsWhileItsDataArrivesWhoeverDies() throws Exception {
        try (var copy = new WritingVm(rig, DesiredVolume.Origin.RESTORED, DesiredVolume.Origin.RESTORED)) {
            var order = live(copy, 1L << 20);
            rig.portal.command(order);
            copy.awaitGuest(0);
            assertThat(copy.say("cat /srv/state")).isEqualTo("before");
            assertThat(rig.portal.commands().said(order.id()))
                    .allMatch(step -> step.status() == CommandProgress.Status.RUNNING);
            copy.say("echo written meanwhile >/srv/new; sync");
            rig.killPointServer();
            // Waits for the server that takes its place; nothing of this was read before.
            assertThat(copy.say("md5sum </srv/records")).isEqualTo(recordsSum);
            assertThat(copy.say("echo 3 >/proc/sys/vm/drop_caches; cat /srv/state"))
                    .isEqualTo("before");
            var server = rig.pointServers().findFirst().orElseThrow();
            rig.killAgent();
            assertThat(copy.say("echo 3 >/proc/sys/vm/drop_caches; cat /srv/state"))
                    .isEqualTo("before");
            assertThat(server.isAlive()).as("the guest has what to read from").isTrue();
            rig.startAgent();
            assertThat(rig.portal.awaitEnd(order.id(), Orders.PATIENCE).status())
                    .isEqualTo(CommandProgress.Status.DONE);
            standsAlone(copy);
            assertThat(copy.say("cat /srv/state /srv/new; fhwriter check /dev/vdb"))
                    .matches("before\nwritten meanwhile\n/dev/vdb [1-9][0-9]* 0");
        }
    }

    @Test
    void aCancelledOneGoesOnAsLongAsItsDataCanBeReadAndThenEnds() throws Exception {
        try (var copy = new WritingVm(rig, DesiredVolume.Origin.RESTORED, DesiredVolume.Origin.RESTORED)) {
            var order = live(copy, SLOW / 8);
            rig.portal.command(order);
            copy.awaitGuest(0);
            cancel(order.id());
            var server = rig.pointServers().findFirst().orElseThrow();
            server.destroyForcibly();
            Rig.await("a server in its place", SOON, () -> !server.isAlive() && isServed(order.id()));
            assertThat(copy.say("echo 3 >/proc/sys/vm/drop_caches; cat /srv/state"))
                    .isEqualTo("before");
            int from = rig.portal.reports().size();
            rig.killAgent();
            rig.pointServers().forEach(ProcessHandle::destroyForcibly);
            rig.startAgent();
            assertThat(rig.portal.awaitEnd(order.id(), SOON).problem().code()).isEqualTo(ProblemCode.CANCELLED);
            var off = copy.awaitFrom(
                    from, one -> one.problem() != null && one.problem().code() == ProblemCode.WRONG_STATE, SOON);
            assertThat(off.problem().message()).contains("has not arrived");
            assertThat(rig.qemu(copy.id)).isEmpty();
        }
    }

    private boolean isServed(UUID order) {
        return UnixStream.answers(rig.directory
                .resolve("ports")
                .resolve("point-" + order.toString().substring(24)));
    }

    /** Returns when the agent knows of it. */
    private void cancel(UUID order) {
        rig.portal.commands().cancel(order);
        int said = rig.portal.commands().said(order).size();
        Rig.await(
                "the cancellation",
                SOON,
                () -> rig.portal.commands().said(order).size() > said + 1);
    }

    @Test
    void aVmThatIsSwitchedOffMeanwhileGetsTheRestAllTheSame() throws Exception {
        try (var copy = new WritingVm(rig, DesiredVolume.Origin.RESTORED, DesiredVolume.Origin.RESTORED)) {
            var order = live(copy, 1L << 20);
            rig.portal.command(order);
            copy.awaitGuest(0);
            copy.stop();
            assertThat(rig.portal.awaitEnd(order.id(), Orders.PATIENCE).status())
                    .isEqualTo(CommandProgress.Status.DONE);
            standsAlone(copy);
            copy.start();
            assertThat(copy.say("cat /srv/state")).isEqualTo("before");
        }
    }

    private RestoreVolumes live(WritingVm copy, long bytesPerSecond) {
        return order(copy, true, bytesPerSecond, as(copy.boot, rootOf(vm.boot)), as(copy.data, rootOf(vm.data)));
    }

    /** Nothing is read from the point any more. */
    private void standsAlone(WritingVm copy) {
        for (var volume : List.of(copy.boot, copy.data)) {
            var file = rig.directory.resolve("vms").resolve(copy.id.toString()).resolve(volume + ".qcow2");
            assertThat(Shell.run("qemu-img", "info", "-U", file.toString())).doesNotContain("backing file");
        }
    }

    private String says(String script) {
        try {
            return vm.say(script);
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }
}
