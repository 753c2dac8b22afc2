package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.HostCommand.RestoreVolumes;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.observed.ObservedVm;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Points brought back to real guests. */
@Tag("storage")
class RestoreIntegrationTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static Rig rig;
    private static Orders orders;
    private static WritingVm vm;
    private static TestStore store;
    private static BackupTaken point;

    @BeforeAll
    static void start() throws Exception {
        rig = new Rig();
        orders = new Orders(rig);
        vm = new WritingVm(rig);
        store = new TestStore(rig);
        vm.say("echo before >/srv/state; fhwriter write 0 /dev/vdb >/dev/null & sleep 2; kill $!; sync");
        point = store.backup(vm, Consistency.FILESYSTEM, Consistency.FILESYSTEM);
        vm.say("echo after >/srv/state; sync");
    }

    @AfterAll
    static void stop() throws Exception {
        System.out.println(rig.logs());
        vm.close();
        rig.close();
    }

    @AfterEach
    void heal() throws Exception {
        rig.heal();
        try (var files = Files.list(rig.directory.resolve("vms").resolve(vm.id.toString()))) {
            assertThat(files.map(path -> path.getFileName().toString()))
                    .noneMatch(name -> name.contains("restoring") || name.contains("before"));
        }
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
    void inPlaceOfAStoppedVm() throws Exception {
        vm.say("echo after >/srv/state; sync");
        vm.stop();
        orders.done(inPlace(0));
        vm.start();
        assertThat(vm.say("cat /srv/state")).isEqualTo("before");
    }

    @Test
    void notUnderARunningVm() {
        var end = orders.end(inPlace(0));
        assertThat(end.problem().code()).isEqualTo(ProblemCode.WRONG_STATE);
    }

    @Test
    void aVmThatIsToBeStartedWaitsForItsVolumes() throws Exception {
        vm.stop();
        var order = inPlace(4L << 20);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        int from = rig.portal.reports().size();
        vm.power(cloud.freehold.api.desired.PowerState.RUNNING);
        var waiting = vm.awaitFrom(from, one -> one.problem() != null, SOON);
        assertThat(waiting.problem().message()).contains("being restored");
        assertThat(rig.portal.awaitEnd(order.id(), SOON).status()).isEqualTo(CommandProgress.Status.DONE);
        vm.awaitGuest(from);
        assertThat(vm.say("cat /srv/state")).isEqualTo("before");
    }

    @Test
    void aKilledAgentBringsThemBackAllTheSame() throws Exception {
        vm.say("echo after >/srv/state; sync");
        vm.stop();
        var order = inPlace(8L << 20);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.transfer() != null, SOON);
        rig.killAgent();
        rig.startAgent();
        assertThat(rig.portal.awaitEnd(order.id(), SOON).status()).isEqualTo(CommandProgress.Status.DONE);
        vm.start();
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

    private static String says(String script) {
        try {
            return vm.say(script);
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aPointThatIsNotThereIsNoPoint() throws Exception {
        vm.stop();
        var root = rootOf(vm.boot);
        var wrong = new VolumeRoot(vm.boot, root.root().replaceFirst("[0-9a-f]{8}", "00000000"), root.sizeBytes());
        var end = orders.end(order(vm, false, 0, wrong));
        assertThat(end.problem().code()).isIn(ProblemCode.STORE_DAMAGED, ProblemCode.INTERNAL);
        vm.start();
        assertThat(vm.say("test -e /srv/state && echo kept")).isEqualTo("kept");
    }
}
