package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.CommandResult.StoredVolume;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.command.HostCommand.BackupVm;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Kills whatever takes part in orders about points, at random moments, again and again: ./freehold soak backup. */
@Tag("soak")
class FaultsSoakTest {
    private static final int FAULTS = Math.max(4, Soak.points() / 2);
    private static final int KEPT_POINTS = 3;
    private static final int LATEST_MILLIS = 4_000;
    private static final long SLOW = 2L << 20;

    private enum Work {
        BACKUP,
        COLLECTION,
        RESTORE,
        MOVE
    }

    private enum Victim {
        AGENT,
        LIBVIRTD,
        STORE_PROGRAM,
        QEMU
    }

    @RegisterExtension
    static final SharedHost HOST = new SharedHost();

    private final Rig rig = HOST.rig();
    private final WritingVm vm = HOST.vm();
    private final Random random = Soak.random();
    private final Deque<BackupTaken> points = new ArrayDeque<>();
    private TestStore store;
    private boolean movedAway;

    @BeforeEach
    void start() throws Exception {
        store = new TestStore(rig);
        vm.startWriting();
        points.add(store.backup(vm, Consistency.CRASH, Consistency.CRASH));
    }

    @Test
    void whateverDiesWheneverNoPointIsFalseAndNoGuestIsHeld() throws Exception {
        for (int i = 0; i < FAULTS; i++) {
            var work = Work.values()[random.nextInt(Work.values().length)];
            var order = order(work);
            rig.portal.command(order);
            TimeUnit.MILLISECONDS.sleep(random.nextInt(LATEST_MILLIS));
            var victim = victim(work);
            int from = rig.portal.reports().size();
            kill(victim);
            var end = rig.portal.awaitEnd(order.id(), Orders.PATIENCE);
            System.out.printf(
                    "fault %d: %s, %s killed, %s%n",
                    i,
                    work,
                    victim,
                    end.problem() == null ? "done" : end.problem().code());
            if (end.status() == CommandProgress.Status.FAILED) {
                assertThat(end.problem().code())
                        .isIn(ProblemCode.INTERNAL, ProblemCode.WRONG_STATE, ProblemCode.HYPERVISOR_UNAVAILABLE);
            } else if (order instanceof BackupVm backup) {
                points.add(store.taken(backup));
            }
            liveOn(work, victim, from);
            everyPointIsThere();
        }
        if (movedAway) {
            HOST.orders().done(move("default"));
        }
    }

    private HostCommand order(Work work) throws Exception {
        return switch (work) {
            case BACKUP ->
                store.order(
                        vm, Consistency.values()[random.nextInt(3)], Consistency.CRASH, SLOW * (1 + random.nextInt(4)));
            case COLLECTION -> collection();
            case RESTORE -> restore();
            case MOVE -> {
                movedAway = !movedAway;
                yield move(movedAway ? "other" : "default");
            }
        };
    }

    private HostCommand collection() {
        while (points.size() > KEPT_POINTS) {
            store.remove(points.removeFirst());
        }
        var order = new HostCommand.CollectGarbage(UUID.randomUUID(), Orders.deadline(), vm.tenant.id, store.ref);
        rig.portal.commands().input(order.id(), store.inputOfCollection());
        return order;
    }

    private HostCommand restore() {
        vm.stop();
        var from = new ArrayList<>(points).get(random.nextInt(points.size()));
        var order = new HostCommand.RestoreVolumes(
                UUID.randomUUID(), Orders.deadline(), vm.tenant.id, vm.id, store.ref, roots(from), false, SLOW);
        rig.portal.commands().input(order.id(), store.input());
        return order;
    }

    private static List<VolumeRoot> roots(BackupTaken point) {
        return point.volumes().stream().map(StoredVolume::root).toList();
    }

    private HostCommand move(String pool) {
        return new HostCommand.MirrorVolume(UUID.randomUUID(), Orders.deadline(), vm.id, vm.data, pool, 0);
    }

    /** One that takes part in it. */
    private Victim victim(Work work) {
        var victims = switch (work) {
            case BACKUP -> List.of(Victim.values());
            case COLLECTION, RESTORE -> List.of(Victim.AGENT, Victim.LIBVIRTD, Victim.STORE_PROGRAM);
            case MOVE -> List.of(Victim.AGENT, Victim.LIBVIRTD, Victim.QEMU);
        };
        return victims.get(random.nextInt(victims.size()));
    }

    private void kill(Victim victim) throws Exception {
        switch (victim) {
            case AGENT -> {
                rig.killAgent();
                rig.startAgent();
            }
            case LIBVIRTD -> rig.killLibvirtd();
            case STORE_PROGRAM -> rig.killStoreIfItRuns();
            case QEMU -> rig.killQemu(vm.id);
        }
    }

    private void liveOn(Work work, Victim victim, int from) throws Exception {
        if (work == Work.RESTORE) {
            vm.start();
        } else if (victim == Victim.QEMU) {
            vm.awaitGuest(from);
        }
        vm.awaitThawed();
        assertThat(vm.state()).isEqualTo("running");
        vm.stopWriting();
        assertThat(vm.say("fhwriter check /srv/records /dev/vdb"))
                .matches("/srv/records [1-9][0-9]* 0\n/dev/vdb [1-9][0-9]* 0");
        vm.startWriting();
    }

    private void everyPointIsThere() throws Exception {
        for (var point : points) {
            RestoredPoint.check(rig, store, vm, point);
        }
    }
}
