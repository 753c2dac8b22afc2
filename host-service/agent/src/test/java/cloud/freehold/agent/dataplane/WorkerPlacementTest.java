package cloud.freehold.agent.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.dataplane.DataplaneLink.PortStatus;
import cloud.freehold.api.observed.RuleHits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerPlacementTest {
    private static final int BUSY = 1_000_000;
    private static final int QEMU = 77;
    private static final int OTHER_QEMU = 78;

    private final Map<Integer, List<Integer>> vcpus = new HashMap<>();
    private final Pins pins = new Pins();
    private final UUID nic = new UUID(1, 1);
    private final UUID otherNic = new UUID(1, 2);
    private long packets;
    private long otherPackets;
    private long started = 1;

    @Test
    void followsTheVcpusOnceTheyStay() throws Exception {
        var placement = placement(4, 4);
        vcpus.put(QEMU, List.of(5, 6));
        round(placement, BUSY);
        for (int i = 0; i < WorkerPlacement.PATIENCE; i++) {
            assertThat(pins.made).isEmpty();
            round(placement, BUSY);
        }
        assertThat(pins.made).containsExactly("0 to 7");
        // And stays while they do.
        round(placement, BUSY);
        assertThat(pins.made).hasSize(1);
    }

    @Test
    void doesNotChaseOneThatWanders() throws Exception {
        var placement = placement(4, 4);
        for (int i = 0; i < 12; i++) {
            vcpus.put(QEMU, List.of(i % 2 == 0 ? 1 : 5));
            round(placement, BUSY);
        }
        assertThat(pins.made).isEmpty();
    }

    @Test
    void goesWhereMostOfTheTrafficComesFrom() throws Exception {
        var placement = placement(4, 4);
        vcpus.put(QEMU, List.of(1));
        vcpus.put(OTHER_QEMU, List.of(6));
        for (int i = 0; i <= WorkerPlacement.PATIENCE; i++) {
            rounds(placement, BUSY, 10 * BUSY);
        }
        assertThat(pins.made).containsExactly("0 to 7");
        // The other guest has the upper hand now, but not by enough to move.
        for (int i = 0; i < 6; i++) {
            rounds(placement, 3 * BUSY, 2 * BUSY);
        }
        assertThat(pins.made).hasSize(1);
        for (int i = 0; i < WorkerPlacement.PATIENCE; i++) {
            rounds(placement, 5 * BUSY, 2 * BUSY);
        }
        assertThat(pins.made).containsExactly("0 to 7", "0 to 3");
    }

    @Test
    void leavesWorkersAloneWhereNothingIsGained() throws Exception {
        for (var placement : List.of(placement(8), placement(1, 1), placement(1, 2))) {
            vcpus.put(QEMU, List.of(0));
            for (int i = 0; i < 6; i++) {
                round(placement, BUSY);
            }
        }
        assertThat(pins.made).isEmpty();
    }

    @Test
    void idleGuestsMoveNobody() throws Exception {
        var placement = placement(4, 4);
        vcpus.put(QEMU, List.of(5));
        for (int i = 0; i < 6; i++) {
            round(placement, 10);
        }
        assertThat(pins.made).isEmpty();
    }

    @Test
    void startsOverWithANewDataplane() throws Exception {
        var placement = placement(4, 4);
        vcpus.put(QEMU, List.of(5));
        for (int i = 0; i <= WorkerPlacement.PATIENCE; i++) {
            round(placement, BUSY);
        }
        started++;
        packets = 0;
        for (int i = 0; i <= WorkerPlacement.PATIENCE; i++) {
            round(placement, BUSY);
        }
        assertThat(pins.made).containsExactly("0 to 7", "0 to 7");
    }

    @Test
    void readsWhatTheKernelTells(@TempDir Path root) throws Exception {
        for (int core = 0; core < 4; core++) {
            for (int level = 1; level <= 3; level++) {
                var index = Files.createDirectories(root.resolve("cpu" + core + "/cache/index" + (level - 1)));
                Files.writeString(index.resolve("level"), level + "\n");
                Files.writeString(
                        index.resolve("shared_cpu_list"), level < 3 ? core + "\n" : core < 2 ? "0-1\n" : "2-3\n");
            }
        }
        Files.createDirectories(root.resolve("cpufreq"));
        var groups = CacheGroups.read(root);
        assertThat(groups.groups()).containsExactly(new TreeSet<>(List.of(0, 1)), new TreeSet<>(List.of(2, 3)));
        assertThat(groups.groupOf(3)).isEqualTo(1);
        assertThat(groups.groupOf(9)).isEqualTo(-1);
    }

    @Test
    void findsTheThreadsThatAreVcpus(@TempDir Path proc) throws Exception {
        thread(proc, 10, "qemu-system-x86", 0);
        thread(proc, 11, "CPU 0/KVM", 3);
        thread(proc, 12, "CPU 1/KVM", 5);
        thread(proc, 13, "odd ) name", 1);
        assertThat(new VcpuCores(proc).of(10)).containsExactlyInAnyOrder(3, 5);
        assertThat(new VcpuCores(proc).of(4711)).isEmpty();
    }

    /** As in proc(5): the core is the 39th field. */
    private static void thread(Path proc, int tid, String name, int core) throws Exception {
        var task = Files.createDirectories(proc.resolve("10/task/" + tid));
        var fields = IntStream.rangeClosed(3, 52)
                .mapToObj(n -> n == 3 ? "S" : n == 39 ? Integer.toString(core) : "0")
                .toList();
        Files.writeString(task.resolve("stat"), tid + " (" + name + ") " + String.join(" ", fields) + "\n");
    }

    private WorkerPlacement placement(int... sizes) {
        var groups = new ArrayList<java.util.SortedSet<Integer>>();
        int next = 0;
        for (int size : sizes) {
            var group = new TreeSet<Integer>();
            for (int i = 0; i < size; i++) {
                group.add(next++);
            }
            groups.add(group);
        }
        return new WorkerPlacement(new CacheGroups(groups), pid -> vcpus.getOrDefault(pid, List.of()));
    }

    private void round(WorkerPlacement placement, long more) throws DataplaneException {
        rounds(placement, more, 0);
    }

    private void rounds(WorkerPlacement placement, long more, long moreOfOther) throws DataplaneException {
        packets += more;
        otherPackets += moreOfOther;
        placement.place(
                pins,
                new DataplaneLink.Info(1, started, new UUID(0, 0), 1, "test", 1),
                List.of(port(nic, packets, QEMU), port(otherNic, otherPackets, OTHER_QEMU)));
    }

    private static PortStatus port(UUID nic, long packets, int pid) {
        return new PortStatus(nic, 1, PortStatus.State.UP, packets, 0, 0, 0, 0, Map.of(), 1, pid, null, 0);
    }

    private static final class Pins implements DataplaneLink {
        final List<String> made = new ArrayList<>();

        @Override
        public void pinWorker(int worker, OptionalInt core) {
            made.add(worker + " to " + core.orElse(-1));
        }

        @Override
        public Info info() {
            throw new AssertionError("not asked");
        }

        @Override
        public Instant commit(Transaction transaction, Duration deadline) {
            throw new AssertionError("not asked");
        }

        @Override
        public Set<String> uplinkDevices() {
            throw new AssertionError("not asked");
        }

        @Override
        public List<PortStatus> ports() {
            throw new AssertionError("not asked");
        }

        @Override
        public List<RuleHits> ruleHits(long counterEpoch) {
            throw new AssertionError("not asked");
        }

        @Override
        public void close() {}
    }
}
