package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.it.Fault.Victim;
import cloud.freehold.agent.it.Fault.Work;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.CommandResult.StoredVolume;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.command.HostCommand.BackupVm;
import cloud.freehold.api.desired.PowerState;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Kills whatever takes part in orders about points, in their middle, again and again: ./freehold soak backup. */
@Tag("soak")
class FaultsSoakTest {
    private static final int FAULTS = Math.max(4, Soak.points() / 2);
    private static final int KEPT_POINTS = 3;
    private static final int TRIES = 4;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int LATEST_MILLIS = 1_500;
    private static final int LATEST_MILLIS_OF_A_MOVE = 300;
    private static final int LATEST_MILLIS_OF_A_COLLECTION = 60;
    /** So many that removing them takes a while. */
    private static final int GARBAGE = 40_000;

    private static final long SLOW = 1L << 20;
    /** Where the writer does not come on its volume; blocks of 64 KiB. */
    private static final int BEHIND_THE_RECORDS = 256;

    @RegisterExtension
    static final SharedHost HOST = new SharedHost();

    private final Rig rig = HOST.rig();
    private final WritingVm vm = HOST.vm();
    private final Random random = Soak.random();
    private final Deque<BackupTaken> points = new ArrayDeque<>();
    private final Map<String, Integer> inTheMiddle = new TreeMap<>();
    private Set<ProcessHandle> bystanders = Set.of();
    private TestStore store;
    private boolean movedAway;
    private Garbage garbage;

    @BeforeEach
    void start() throws Exception {
        store = new TestStore(rig);
        garbage = new Garbage(store, vm.tenant.id);
        vm.startWriting();
        points.add(store.backup(vm, Consistency.CRASH, Consistency.CRASH));
    }

    @Test
    void whateverDiesWheneverNoPointIsFalseAndNoGuestIsHeld() throws Exception {
        var deck = new ArrayList<Fault>();
        for (int i = 0; i < FAULTS; i++) {
            if (deck.isEmpty()) {
                deck.addAll(Fault.all().stream().filter(Soak::isWanted).toList());
                Collections.shuffle(deck, random);
            }
            suffer(i, deck.remove(0));
        }
        if (movedAway) {
            HOST.orders().done(move("default"));
        }
        System.out.println("killed in the middle of it: " + inTheMiddle);
        assertThat(inTheMiddle).isNotEmpty();
    }

    private void suffer(int number, Fault fault) throws Exception {
        boolean hit = false;
        for (int tries = 0; !hit && tries < TRIES; tries++) {
            hit = attempt(number, fault);
        }
        if (hit) {
            inTheMiddle.merge(fault.work() + " without " + fault.victim(), 1, Integer::sum);
        }
        for (var point : points) {
            RestoredPoint.check(rig, store, vm, point);
        }
    }

    /** @return false: it was over already */
    private boolean attempt(int number, Fault fault) throws Exception {
        var orders = orders(fault.work());
        bystanders = Stream.concat(rig.pointServers(), rig.helperGuests()).collect(Collectors.toSet());
        var first = orders.get(0);
        orders.forEach(rig.portal::command);
        if (fault.work() == Work.LIVE_RESTORE) {
            // It has the volumes from then on, and the VM's start waits for it.
            rig.portal.commands().await(first.id(), step -> step.percent() >= 2, Orders.PATIENCE);
            vm.power(PowerState.RUNNING);
        }
        boolean hit = awaitTheMiddle(fault, first) && kill(fault);
        for (var order : orders) {
            ended(number, fault, order, hit);
        }
        liveOn(fault.work());
        return hit;
    }

    private void ended(int number, Fault fault, HostCommand order, boolean hit) {
        var end = rig.portal.awaitEnd(order.id(), Orders.PATIENCE);
        System.out.printf(
                "fault %d: %s, %s killed%s, %s %s%n",
                number,
                fault.work(),
                fault.victim(),
                hit ? "" : " too late",
                order.getClass().getSimpleName(),
                end.problem() == null ? "done" : end.problem());
        if (order instanceof HostCommand.MirrorVolume) {
            assertThat(end.problem())
                    .as("a move goes on whatever ends meanwhile")
                    .isNull();
        }
        if (end.status() == Status.FAILED) {
            assertThat(end.problem().message()).isNotBlank();
            assertThat(end.problem().code())
                    .isIn(
                            ProblemCode.INTERRUPTED,
                            ProblemCode.FILE_INCOMPLETE,
                            ProblemCode.PROGRAM_KILLED,
                            ProblemCode.STORE_UNAVAILABLE,
                            ProblemCode.WRONG_STATE,
                            ProblemCode.HYPERVISOR_UNAVAILABLE);
        } else if (order instanceof BackupVm backup) {
            points.add(store.taken(backup));
        }
    }

    private List<HostCommand> orders(Work work) throws Exception {
        return switch (work) {
            case BACKUP -> List.of(backup());
            case COLLECTION -> List.of(collection(List.of()));
            case COLLECTION_BESIDE_A_BACKUP -> {
                var backup = backup();
                yield List.of(collection(List.of(backup.id())), backup);
            }
            case RESTORE -> List.of(restore(false));
            case LIVE_RESTORE -> List.of(restore(true));
            case LOOK_INTO_A_POINT -> List.of(look());
            case MOVE -> {
                movedAway = !movedAway;
                yield List.of(move(movedAway ? "other" : "default"));
            }
        };
    }

    /** Of something new, so that it takes a while. */
    private BackupVm backup() throws Exception {
        vm.say("dd if=/dev/urandom of=/srv/new bs=64k count=48; sync");
        return store.order(
                vm, Consistency.values()[random.nextInt(3)], Consistency.CRASH, SLOW * (1 + random.nextInt(3)));
    }

    private HostCommand collection(List<UUID> writers) throws Exception {
        garbage.add(GARBAGE);
        while (points.size() > KEPT_POINTS) {
            store.remove(points.removeFirst());
        }
        var order = new HostCommand.CollectGarbage(UUID.randomUUID(), Orders.deadline(), vm.tenant.id, store.ref);
        rig.portal.commands().input(order.id(), store.inputOfCollection(writers));
        return order;
    }

    private BackupTaken anyPoint() {
        return new ArrayList<>(points).get(random.nextInt(points.size()));
    }

    private HostCommand restore(boolean live) {
        vm.stop();
        var roots = anyPoint().volumes().stream().map(StoredVolume::root).toList();
        var order = new HostCommand.RestoreVolumes(
                UUID.randomUUID(), Orders.deadline(), vm.tenant.id, vm.id, store.ref, roots, live, SLOW);
        rig.portal.commands().input(order.id(), store.input());
        return order;
    }

    private HostCommand look() {
        var id = UUID.randomUUID();
        var root = anyPoint().volumes().get(0).root();
        var order = random.nextBoolean()
                ? new HostCommand.ListFiles(id, Orders.deadline(), vm.tenant.id, store.ref, root, "/partition-1")
                : new HostCommand.FetchFile(
                        id, Orders.deadline(), vm.tenant.id, store.ref, root, "/partition-1/records");
        rig.portal.commands().input(id, store.input());
        return order;
    }

    /** Of a few seconds. */
    private HostCommand move(String pool) throws Exception {
        vm.say("dd if=/dev/urandom of=/dev/vdb bs=64k seek=%d count=64 conv=fsync".formatted(BEHIND_THE_RECORDS));
        return new HostCommand.MirrorVolume(UUID.randomUUID(), Orders.deadline(), vm.id, vm.data, pool, SLOW);
    }

    /** @return false: it is over already */
    private boolean awaitTheMiddle(Fault fault, HostCommand order) throws Exception {
        Rig.await("the middle of " + fault, PATIENCE, () -> isOver(order) || isInTheMiddle(fault, order));
        TimeUnit.MILLISECONDS.sleep(random.nextInt(latestMillis(fault.work())));
        return !isOver(order);
    }

    /** What takes little time is seen by its traces. */
    private boolean isInTheMiddle(Fault fault, HostCommand order) {
        return switch (fault.work()) {
            case COLLECTION, COLLECTION_BESIDE_A_BACKUP -> garbage.isGoing();
            case MOVE -> said(order).stream().anyMatch(step -> step.transfer() != null);
            case BACKUP, RESTORE, LIVE_RESTORE, LOOK_INTO_A_POINT -> isAtWork(fault.victim(), order);
        };
    }

    /** Most are over later. */
    private static int latestMillis(Work work) {
        return switch (work) {
            case COLLECTION, COLLECTION_BESIDE_A_BACKUP -> LATEST_MILLIS_OF_A_COLLECTION;
            case MOVE -> LATEST_MILLIS_OF_A_MOVE;
            case BACKUP, RESTORE, LIVE_RESTORE, LOOK_INTO_A_POINT -> LATEST_MILLIS;
        };
    }

    private boolean isOver(HostCommand order) {
        return said(order).stream().anyMatch(step -> step.status() != Status.RUNNING);
    }

    private boolean isAtWork(Victim victim, HostCommand order) {
        return switch (victim) {
            case STORE_PROGRAM, POINT_SERVER, HELPER_GUEST, QEMU ->
                !said(order).isEmpty() && processes(victim).findAny().isPresent();
            case AGENT, LIBVIRTD -> !said(order).isEmpty();
        };
    }

    /** But those that were there before the order. */
    private Stream<ProcessHandle> processes(Victim victim) {
        var all = switch (victim) {
            case STORE_PROGRAM -> rig.storePrograms();
            case POINT_SERVER -> rig.pointServers();
            case HELPER_GUEST -> rig.helperGuests();
            case QEMU -> rig.qemu(vm.id);
            case AGENT, LIBVIRTD -> Stream.<ProcessHandle>empty();
        };
        return all.filter(process -> !bystanders.contains(process));
    }

    private List<CommandProgress> said(HostCommand order) {
        return rig.portal.commands().said(order.id());
    }

    /** @return false: there was none any more */
    private boolean kill(Fault fault) throws Exception {
        return switch (fault.victim()) {
            case AGENT -> {
                rig.killAgent();
                if (fault.work() != Work.LIVE_RESTORE) {
                    Rig.await(
                            "the end of the agent's children",
                            PATIENCE,
                            () -> rig.pointServers().findAny().isEmpty());
                }
                rig.startAgent();
                yield true;
            }
            case LIBVIRTD -> {
                rig.killLibvirtd();
                yield true;
            }
            case STORE_PROGRAM, POINT_SERVER, HELPER_GUEST, QEMU ->
                processes(fault.victim())
                        .findFirst()
                        .map(ProcessHandle::destroyForcibly)
                        .orElse(false);
        };
    }

    private void liveOn(Work work) throws Exception {
        if (work == Work.RESTORE) {
            vm.start();
        }
        vm.awaitThawed();
        assertThat(vm.state()).isEqualTo("running");
        vm.stopWriting();
        assertThat(vm.say("fhwriter check /srv/records /dev/vdb"))
                .matches("/srv/records [1-9][0-9]* 0\n/dev/vdb [1-9][0-9]* 0");
        vm.startWriting();
    }
}
