package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.CommandResult.RolledBack;
import cloud.freehold.api.command.CommandResult.SnapshotsTaken.Taken;
import cloud.freehold.api.command.CommandResult.StoredVolume;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.observed.ObservedVm.ObservedVolume;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Snapshots of real guests, and the way back. */
@Tag("storage")
class SnapshotIntegrationTest {
    /** Behind the records of the writer. */
    private static final int FREE_SECTOR = 16_384;

    @RegisterExtension
    static final SharedHost HOST = new SharedHost();

    private final Rig rig = HOST.rig();
    private final Orders orders = HOST.orders();
    private final WritingVm vm = HOST.vm();

    @BeforeEach
    void quiet() throws Exception {
        vm.stopWriting();
    }

    private RolledBack rollBack(Taken snapshot) {
        return (RolledBack) orders.done(
                new HostCommand.RollBack(UUID.randomUUID(), Orders.deadline(), vm.id, snapshot.snapshotId()));
    }

    private void delete(Taken snapshot) {
        orders.done(new HostCommand.DeleteSnapshot(UUID.randomUUID(), Orders.deadline(), vm.id, snapshot.snapshotId()));
    }

    private void write(String word) throws Exception {
        vm.say("echo %1$s >/srv/state; echo %1$s | dd of=/dev/vdb bs=512 seek=%2$d conv=sync 2>/dev/null; sync"
                .formatted(word, FREE_SECTOR));
    }

    private String read() throws Exception {
        return vm.say(
                "cat /srv/state; dd if=/dev/vdb bs=512 skip=%d count=1 2>/dev/null | head -n 1".formatted(FREE_SECTOR));
    }

    @Test
    void goesBackToItsDisksAndRunsAgain() throws Exception {
        write("one");
        var snapshot = orders.taken(orders.snapshots(false, Consistency.FILESYSTEM, vm))
                .get(0);
        assertThat(snapshot.certificate().achieved()).isEqualTo(Consistency.FILESYSTEM);
        assertThat(snapshot.volumes()).containsExactly(vm.boot, vm.data);
        write("two");
        int from = rig.portal.reports().size();
        assertThat(rollBack(snapshot).note()).contains("next backup reads everything");
        vm.awaitGuest(from);
        assertThat(read()).isEqualTo("one\none");
        delete(snapshot);
    }

    /** With a NIC that was plugged while it ran: what the dataplane writes into the guest's memory has to be in the snapshot, too, and its rings go on where they were. */
    @Test
    void goesBackWithItsMemoryAsIfNothingHadHappened() throws Exception {
        vm.joinNetwork();
        vm.say("echo alive >/run/in-memory; sleep 5000 </dev/null >/dev/null 2>&1 & echo $! >/run/pid");
        write("three");
        var snapshot =
                orders.taken(orders.snapshots(true, Consistency.CRASH, vm)).get(0);
        assertThat(snapshot.memoryBytes()).isEqualTo(192L << 20);
        System.out.println(
                "snapshot with memory: pause " + snapshot.certificate().longestPauseMillis() + " ms");
        write("four");
        vm.say("rm /run/in-memory");
        int from = rig.portal.reports().size();
        assertThat(rollBack(snapshot).note()).doesNotContain("could not be put back");
        vm.awaitGuest(from);
        assertThat(vm.say("cat /run/in-memory; kill -0 $(cat /run/pid) && echo runs"))
                .isEqualTo("alive\nruns");
        assertThat(read()).isEqualTo("three\nthree");
        assertThat(vm.say("ping -c 3 -w 20 " + Tenant.GATEWAY + " >/dev/null && echo answered"))
                .isEqualTo("answered");
        delete(snapshot);
    }

    @Test
    void severalVmsAtOneMoment() throws Exception {
        try (var other = new WritingVm(rig)) {
            vm.startWritingWithoutPause();
            other.startWritingWithoutPause();
            for (var level : Consistency.values()) {
                var taken = orders.taken(orders.snapshots(false, level, vm, other));
                assertThat(taken).hasSize(2).allSatisfy(one -> {
                    assertThat(one.certificate().achieved()).isEqualTo(level);
                    assertThat(one.certificate().disks())
                            .allSatisfy(disk -> assertThat(disk.writesDuring()).isZero());
                });
                assertThat(taken.get(0).certificate().at())
                        .isEqualTo(taken.get(1).certificate().at());
                System.out.println("two VMs at level " + level + ": pause "
                        + taken.get(0).certificate().longestPauseMillis() + " ms");
                delete(taken.get(0));
            }
            assertThat(vm.state()).isEqualTo("running");
            assertThat(other.state()).isEqualTo("running");
            vm.stopWriting();
        }
    }

    @Test
    void backupsGoOnFromWhereTheyWere() throws Exception {
        var store = new TestStore(rig);
        vm.say("dd if=/dev/urandom of=/srv/much bs=64k count=64; sync");
        store.backup(vm, Consistency.CRASH, Consistency.CRASH);
        var snapshot =
                orders.taken(orders.snapshots(false, Consistency.CRASH, vm)).get(0);
        write("five");
        var next = store.backup(vm, Consistency.CRASH, Consistency.CRASH);
        assertThat(next.volumes().stream().mapToLong(StoredVolume::readBytes).sum())
                .isLessThan(1L << 20);
        delete(snapshot);
        delete(snapshot);
    }

    @Test
    void ofAVmThatIsOff() throws Exception {
        write("six");
        vm.stop();
        var snapshot =
                orders.taken(orders.snapshots(false, Consistency.CRASH, vm)).get(0);
        var memory = orders.end(orders.snapshots(true, Consistency.CRASH, vm));
        assertThat(memory.problem().code()).isEqualTo(ProblemCode.WRONG_STATE);
        vm.start();
        write("seven");
        int from = rig.portal.reports().size();
        rollBack(snapshot);
        vm.awaitGuest(from);
        assertThat(read()).isEqualTo("six\nsix");
        delete(snapshot);
    }

    @Test
    void aVolumeMovesToAnotherPoolAndBackWhileItsGuestWrites() throws Exception {
        var place = rig.directory.resolve("vms").resolve(vm.id.toString()).resolve(vm.data + ".qcow2");
        vm.startWriting();
        int from = rig.portal.reports().size();
        orders.done(move("other"));
        assertThat(place.toRealPath()).startsWith(rig.directory.resolve("other-pool"));
        vm.awaitFrom(
                from,
                observed -> observed.volumes() != null
                        && observed.volumes().contains(new ObservedVolume(vm.data, "other"))
                        && observed.volumes().contains(new ObservedVolume(vm.boot, "default")),
                Orders.PATIENCE);
        assertThat(vm.state()).isEqualTo("running");
        // Points are taken from where it is now.
        var store = new TestStore(rig);
        var point = store.backup(vm, Consistency.CRASH, Consistency.CRASH);
        RestoredPoint.check(rig, store, vm, point);
        orders.done(move("default"));
        assertThat(place.toRealPath()).startsWith(rig.directory.resolve("vms"));
        vm.stopWriting();
        var written = vm.say("md5sum </dev/vdb");
        vm.stop();
        orders.done(move("other"));
        vm.start();
        assertThat(vm.say("md5sum </dev/vdb")).isEqualTo(written);
        assertThat(orders.end(move("nowhere")).problem().code()).isEqualTo(ProblemCode.NOT_THERE);
        vm.stop();
        restore(store, point);
        assertThat(place.toRealPath()).startsWith(rig.directory.resolve("other-pool"));
        vm.start();
        orders.done(move("default"));
    }

    private void restore(TestStore store, BackupTaken point) {
        var roots = point.volumes().stream().map(StoredVolume::root).toList();
        var order = new HostCommand.RestoreVolumes(
                UUID.randomUUID(), Orders.deadline(), vm.tenant.id, vm.id, store.ref, roots, false, 0);
        rig.portal.commands().input(order.id(), store.input());
        orders.done(order);
    }

    private HostCommand.MirrorVolume move(String pool) {
        return new HostCommand.MirrorVolume(UUID.randomUUID(), Orders.deadline(), vm.id, vm.data, pool, 0);
    }

    @Test
    void theGuestUsesItsDisksWell() {
        var guest = vm.await(one -> one.guest() != null && one.guest().disks() != null, Orders.PATIENCE)
                .guest();
        assertThat(guest.disks()).hasSize(2).allSatisfy(disk -> {
            assertThat(disk.scheduler()).isEqualTo("none");
            assertThat(disk.queues()).isEqualTo(2);
            assertThat(disk.largestRequestBytes()).isGreaterThanOrEqualTo(1L << 20);
        });
    }

    @Test
    void whatIsNotThereCannotBeGoneBackTo() {
        var end = orders.end(new HostCommand.RollBack(UUID.randomUUID(), Orders.deadline(), vm.id, UUID.randomUUID()));
        assertThat(end.problem().code()).isEqualTo(ProblemCode.NOT_THERE);
    }
}
