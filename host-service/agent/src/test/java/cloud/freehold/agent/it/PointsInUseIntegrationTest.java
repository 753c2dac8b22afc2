package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.CommandResult.Damage;
import cloud.freehold.api.command.CommandResult.DrillDone;
import cloud.freehold.api.command.CommandResult.FilesListed;
import cloud.freehold.api.command.CommandResult.FilesListed.Entry;
import cloud.freehold.api.command.CommandResult.FilesListed.Kind;
import cloud.freehold.api.command.CommandResult.GarbageCollected;
import cloud.freehold.api.command.CommandResult.PointsVerified;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.desired.PowerState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is done with points beside restoring them: looked into, tried out, verified, cleaned up after. */
@Tag("storage")
class PointsInUseIntegrationTest {
    @RegisterExtension
    static final SharedHost HOST = new SharedHost();

    private static TestStore store;
    private static BackupTaken point;

    private final Rig rig = HOST.rig();
    private final Orders orders = HOST.orders();
    private final WritingVm vm = HOST.vm();

    @BeforeAll
    static void start() throws Exception {
        var vm = HOST.vm();
        store = new TestStore(HOST.rig());
        vm.stopWriting();
        vm.say(
                "mkdir -p '/srv/a folder/deep'; echo content >'/srv/a folder/file'; ln -s /etc/passwd /srv/link;"
                        + " ln -s 'a folder' /srv/inside; dd if=/dev/urandom of=/srv/big bs=64k count=20; sync; md5sum </srv/big");
        point = store.backup(vm, Consistency.BARRIER, Consistency.BARRIER);
    }

    private static VolumeRoot root(UUID volume) {
        return root(point, volume);
    }

    private static VolumeRoot root(BackupTaken point, UUID volume) {
        return point.volumes().stream()
                .map(stored -> stored.root())
                .filter(root -> root.volumeId().equals(volume))
                .findFirst()
                .orElseThrow();
    }

    private HostCommand.ListFiles list(UUID volume, String path) {
        return list(root(volume), path);
    }

    private HostCommand.ListFiles list(VolumeRoot root, String path) {
        var order =
                new HostCommand.ListFiles(UUID.randomUUID(), Orders.deadline(), vm.tenant.id, store.ref, root, path);
        rig.portal.commands().input(order.id(), store.input());
        return order;
    }

    private List<Entry> listed(String path) {
        return ((FilesListed) orders.done(list(vm.boot, path))).entries();
    }

    private byte[] fetched(String path) {
        var order = new HostCommand.FetchFile(
                UUID.randomUUID(), Orders.deadline(), vm.tenant.id, store.ref, root(vm.boot), path);
        rig.portal.commands().input(order.id(), store.input());
        orders.done(order);
        return rig.portal.commands().output(order.id());
    }

    @Test
    void filesAreLookedThroughAndFetched() throws Exception {
        assertThat(listed("/")).extracting(Entry::name).containsExactly("partition-1");
        assertThat(listed("/partition-1"))
                .extracting(Entry::name, Entry::kind)
                .contains(tuple("a folder", Kind.FOLDER), tuple("link", Kind.LINK));
        long began = System.nanoTime();
        assertThat(listed("/partition-1/a folder")).extracting(Entry::name).containsExactly("deep", "file");
        System.out.printf(
                "second look: %d ms%n",
                Duration.ofNanos(System.nanoTime() - began).toMillis());
        // A link leads to where it leads on that disk, never out of it.
        assertThat(listed("/partition-1/inside")).extracting(Entry::name).containsExactly("deep", "file");
        assertThat(fetched("/partition-1/a folder/file")).isEqualTo("content\n".getBytes(StandardCharsets.UTF_8));
        var missing = orders.end(list(vm.boot, "/partition-1/link"));
        assertThat(missing.problem().code()).isEqualTo(ProblemCode.NOT_THERE);
        assertThat(fetched("/partition-1/big")).hasSize(20 << 16);
        var tar = Files.createTempFile(rig.directory, "fetched-", ".tar");
        Files.write(tar, fetched("/partition-1/a folder"));
        assertThat(Shell.run("tar", "-tf", tar.toString())).contains("./file", "./deep/");
        Files.delete(tar);
    }

    @Test
    void aPointsServerThatDiesIsNotTakenForADamagedDisk() {
        assertThat(listed("/partition-1")).isNotEmpty();
        rig.killPointServer();
        assertThat(listed("/partition-1/a folder/deep")).isEmpty();
    }

    @Test
    void aHelperGuestThatIsKilledIsReplacedOnce() {
        Rig.await("no helper guest", Orders.PATIENCE, () -> !killHelperGuests());
        var lucky = list(vm.boot, "/");
        rig.portal.command(lucky);
        Rig.await("a helper guest", Orders.PATIENCE, this::killHelperGuests);
        assertThat(rig.portal.awaitEnd(lucky.id(), Orders.PATIENCE).status()).isEqualTo(CommandProgress.Status.DONE);
        killHelperGuests();
        var unlucky = list(vm.boot, "/");
        rig.portal.command(unlucky);
        Rig.await("the end", Orders.PATIENCE, () -> {
            killHelperGuests();
            return rig.portal.commands().said(unlucky.id()).stream()
                    .anyMatch(step -> step.status() != CommandProgress.Status.RUNNING);
        });
        var end = rig.portal.awaitEnd(unlucky.id(), Orders.PATIENCE);
        assertThat(end.problem().code()).isEqualTo(ProblemCode.PROGRAM_KILLED);
    }

    /** @return whether there was one */
    private boolean killHelperGuests() {
        var guests = rig.helperGuests().toList();
        guests.forEach(ProcessHandle::destroyForcibly);
        return !guests.isEmpty();
    }

    @Test
    void aVolumeWithoutFileSystemSaysSo() {
        for (int i = 0; i < 2; i++) {
            var end = orders.end(list(vm.data, "/"));
            assertThat(end.problem().code()).isEqualTo(ProblemCode.NO_FILE_SYSTEM);
            assertThat(end.problem().message()).contains("No file system");
        }
    }

    @Test
    void anEncryptedVolumeAndADamagedOneSaySo() throws Exception {
        assertThat(whyNot("printf 'LUKS\\272\\276' | dd of=/dev/vdb conv=notrunc 2>/dev/null"))
                .isEqualTo(ProblemCode.ENCRYPTED);
        assertThat(whyNot("dd if=/dev/zero of=/dev/vdb bs=4096 count=1 conv=notrunc 2>/dev/null;"
                        + " printf '\\123\\357' | dd of=/dev/vdb bs=1 seek=1080 conv=notrunc 2>/dev/null"))
                .isEqualTo(ProblemCode.FILE_SYSTEM_DAMAGED);
    }

    /** Why the volume of data cannot be looked into that the guest has written this onto. */
    private ProblemCode whyNot(String writing) throws Exception {
        return orders.end(list(rootWith(writing), "/")).problem().code();
    }

    /** The volume of data in a point that is taken while the guest has this on it; others look for whole records there. */
    private VolumeRoot rootWith(String writing) throws Exception {
        vm.say(writing + "; sync");
        var taken = store.backup(vm, Consistency.CRASH, Consistency.CRASH);
        vm.say("dd if=/dev/zero of=/dev/vdb bs=64k count=64; sync");
        return root(taken, vm.data);
    }

    /** Its superblock asks for a panic at the first error, which is not to hide what can be read. */
    @Test
    void oneDamagedFolderHidesNoOther() throws Exception {
        var image = Files.createTempFile(rig.directory, "damaged-", ".img");
        Shell.run("truncate", "-s", "2M", image.toString());
        Shell.run("mke2fs", "-q", "-t", "ext4", "-e", "panic", image.toString());
        Shell.run("debugfs", "-w", "-R", "mkdir fine", image.toString());
        Shell.run("debugfs", "-w", "-R", "mkdir damaged", image.toString());
        var said =
                Shell.run("debugfs", "-R", "blocks damaged", image.toString()).split("\\s+");
        var block = said[said.length - 1];
        Shell.run("dd", "if=/dev/urandom", "of=" + image, "bs=1024", "count=1", "seek=" + block, "conv=notrunc");
        var packed = Base64.getEncoder().encodeToString(gzip(Files.readAllBytes(image)));
        Files.delete(image);
        var root = rootWith("echo " + packed + " | base64 -d | gunzip | dd of=/dev/vdb conv=notrunc");
        var top = (FilesListed) orders.done(list(root, "/disk"));
        assertThat(top.entries()).extracting(Entry::name).contains("damaged", "fine");
        var damaged = orders.end(list(root, "/disk/damaged")).problem();
        assertThat(damaged.code()).isEqualTo(ProblemCode.FILE_SYSTEM_DAMAGED);
        assertThat(damaged.message()).startsWith("It cannot be read");
        assertThat(((FilesListed) orders.done(list(root, "/disk/fine"))).entries())
                .isEmpty();
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    private HostCommand.DrillPoint drill(UUID like, HostCommand.DrillPoint.Check check) {
        var order = new HostCommand.DrillPoint(
                UUID.randomUUID(),
                Orders.deadline(),
                vm.tenant.id,
                like,
                UUID.randomUUID(),
                store.ref,
                List.of(root(vm.boot), root(vm.data)),
                check);
        rig.portal.commands().input(order.id(), store.input());
        return order;
    }

    @Test
    void aPointComesToLifeInADrillAndLeavesNothing() throws Exception {
        // Guests that look into points are kept for a while.
        var before = atWork();
        var done = (DrillDone) orders.done(drill(vm.id, null));
        assertThat(done.passed()).isTrue();
        assertThat(done.restoreMillis()).isGreaterThanOrEqualTo(done.bootMillis());
        assertThat(Base64.getDecoder().decode(done.screenshotPng())).startsWith(0x89, 'P', 'N', 'G');
        System.out.println("drill: " + done.restoreMillis() + " ms, of which boot " + done.bootMillis() + " ms");
        assertThat(atWork()).isSubsetOf(before);
    }

    private List<Path> atWork() throws IOException {
        var folder = rig.directory.resolve("vms/.work");
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }

    /** As if to a VM on the network that the drill's VM has for itself alone. */
    @Test
    void aServiceAnswersInADrill() throws Exception {
        var like = UUID.randomUUID();
        var nic = UUID.randomUUID();
        var volume =
                new DesiredVolume(UUID.randomUUID(), "boot", 0, WritingVm.DATA_BYTES, DesiredVolume.Origin.BLANK, null);
        var image = rig.guest.image();
        rig.portal.publish(revision -> List.of(
                vm.tenant.network(revision),
                vm.tenant.group(revision),
                vm.tenant.nic(nic, like, revision, 10),
                vm.tenant.vm(like, revision, PowerState.STOPPED, image, volume)));
        var tried = (DrillDone) orders.done(drill(like, new HostCommand.DrillPoint.Check(80, "/")));
        rig.portal.remove(new ObjectRef(ObjectKind.NIC, nic), new ObjectRef(ObjectKind.VM, like));
        assertThat(tried.passed()).as(tried.check()).isTrue();
        System.out.println("service in a drill: " + tried.restoreMillis() + " ms");
    }

    @Test
    void aDrillThatItsAgentDiedOverIsRunAgain() throws Exception {
        var order = drill(vm.id, null);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.step().equals("booting"), Orders.PATIENCE);
        rig.killAgent();
        rig.startAgent();
        var end = rig.portal.awaitEnd(order.id(), Orders.PATIENCE);
        assertThat(end.status()).isEqualTo(CommandProgress.Status.DONE);
        assertThat(((DrillDone) end.result()).passed()).isTrue();
    }

    @Test
    void aDrillWhoseVmIsKilledIsRunAgain() {
        Rig.await("no helper guest", Orders.PATIENCE, () -> !killHelperGuests());
        var order = drill(vm.id, null);
        rig.portal.command(order);
        rig.portal.commands().await(order.id(), step -> step.step().equals("booting"), Orders.PATIENCE);
        assertThat(killHelperGuests()).isTrue();
        var end = rig.portal.awaitEnd(order.id(), Orders.PATIENCE);
        assertThat(((DrillDone) end.result()).passed()).isTrue();
    }

    private HostCommand.VerifyPoints verify(TestStore store, String key, String... roots) {
        var order = new HostCommand.VerifyPoints(UUID.randomUUID(), Orders.deadline(), vm.tenant.id, store.ref, 0);
        rig.portal
                .commands()
                .input(order.id(), new CommandInput(key, null, null, List.of(), List.of(roots), List.of()));
        return order;
    }

    private List<Damage> damages(TestStore store, String... roots) {
        return ((PointsVerified) orders.done(verify(store, store.input().tenantKey(), roots))).damages();
    }

    @Test
    void damageIsFoundByVerifyingAndNamed() throws Exception {
        var own = new TestStore(rig);
        var taken = own.backup(vm, Consistency.CRASH, Consistency.CRASH);
        var roots = taken.volumes().stream().map(stored -> stored.root().root()).toArray(String[]::new);
        assertThat(damages(own, roots)).isEmpty();
        try (var packs = Files.walk(own.path())) {
            var pack = packs.filter(Files::isRegularFile)
                    .filter(path -> path.toString().contains("packs"))
                    .max(Comparator.comparingLong(path -> path.toFile().length()))
                    .orElseThrow();
            var bytes = Files.readAllBytes(pack);
            bytes[bytes.length / 2] ^= 1;
            Files.write(pack, bytes);
        }
        assertThat(damages(own, roots))
                .isNotEmpty()
                .allSatisfy(damage -> assertThat(roots).contains(damage.root()));
    }

    @Test
    void aWrongKeyReadsNothing() {
        var order = verify(store, "11".repeat(32), root(vm.boot).root());
        var end = orders.end(order);
        if (end.status() == CommandProgress.Status.DONE) {
            assertThat(((PointsVerified) end.result()).damages()).isNotEmpty();
        } else {
            assertThat(end.problem().code()).isEqualTo(ProblemCode.STORE_DAMAGED);
        }
    }

    @Test
    void garbageGoesAndPointsStay() throws Exception {
        var own = new TestStore(rig);
        var kept = own.backup(vm, Consistency.CRASH, Consistency.CRASH);
        vm.say("dd if=/dev/urandom of=/srv/garbage bs=64k count=40; sync");
        own.backup(vm, Consistency.CRASH, Consistency.CRASH);
        var order = new HostCommand.CollectGarbage(UUID.randomUUID(), Orders.deadline(), vm.tenant.id, own.ref);
        var live = kept.volumes().stream().map(stored -> stored.root().root()).toList();
        rig.portal
                .commands()
                .input(order.id(), new CommandInput(own.input().tenantKey(), null, null, List.of(), live, List.of()));
        var collected = (GarbageCollected) orders.done(order);
        assertThat(collected.bytesFreed()).isGreaterThan(30L << 16);
        assertThat(rig.portal.commands().inputsFetched()).isGreaterThan(1);
        for (var volume : kept.volumes()) {
            Files.delete(own.restore(vm, volume.root()));
        }
    }
}
