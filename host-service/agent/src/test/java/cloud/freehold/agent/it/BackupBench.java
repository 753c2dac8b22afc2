package cloud.freehold.agent.it;

import static cloud.freehold.agent.it.BenchTable.NONE;

import cloud.freehold.api.backup.Consistency;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What backups of a guest that runs cost, and what the guest feels of them, beside virtnbdbackup and qemu-img convert on the same guest and
 * disks in the same run: ./freehold bench backup.
 */
@Tag("bench")
class BackupBench {
    private static final int DAYS = 30;

    /** Something to measure; the others are measured also when it breaks off. */
    private interface Part {
        void measure(BenchVm bench) throws Exception;
    }

    private final BenchTable table = new BenchTable("virtnbdbackup", "convert");
    private final Map<String, Part> parts = new LinkedHashMap<>();
    private int broken;

    BackupBench() {
        parts.put("speed", bench -> new BackupSpeed(bench, table).measure());
        parts.put("stall", bench -> new BackupStall(bench, table).measure());
        parts.put("fsync", bench -> new BackupStall(bench, table).besidePoints());
        parts.put("daily", this::daily);
    }

    @Test
    void measured() throws Exception {
        var wanted = wanted();
        try (var bench = new BenchVm()) {
            wanted.forEach(name -> measure(name, bench));
        } finally {
            table.write(Path.of(System.getenv("FREEHOLD_BENCH_OUT")), about(wanted));
        }
        if (broken > 0) {
            throw new AssertionError(broken + " parts broke off");
        }
    }

    private List<String> wanted() {
        var named = System.getenv().getOrDefault("FREEHOLD_BENCH_PARTS", "").strip();
        var wanted = named.isEmpty() ? List.copyOf(parts.keySet()) : Arrays.asList(named.split(" +"));
        if (!parts.keySet().containsAll(wanted)) {
            throw new AssertionError("The parts are " + parts.keySet() + ", not " + wanted);
        }
        return wanted;
    }

    private static Map<String, Object> about(List<String> parts) {
        var qemu = Shell.run("qemu-img", "--version").lines().findFirst().orElse("");
        return Map.of(
                "parts",
                parts,
                "data_mib",
                BenchVm.DATA_MIB,
                "guest",
                "emulated (TCG), one processor",
                "peers",
                List.of("virtnbdbackup " + Shell.run("virtnbdbackup", "-V").strip(), qemu));
    }

    private void measure(String name, BenchVm bench) {
        try {
            parts.get(name).measure(bench);
        } catch (Exception | AssertionError e) {
            broken++;
            e.printStackTrace(System.out);
            table.brokeOff(name, e);
        }
    }

    /** What the store grows by, beside what was changed. */
    private void daily(BenchVm bench) throws Exception {
        var store = new TestStore(bench.rig);
        store.backup(bench.vm, Consistency.CRASH, Consistency.CRASH);
        double before = BenchVm.storedMib(store.path());
        double changed = 0;
        for (int day = 0; day < DAYS; day++) {
            changed += bench.change();
            store.backup(bench.vm, Consistency.CRASH, Consistency.CRASH);
        }
        double grown = BenchVm.storedMib(store.path()) - before;
        double most = changed * 1.1;
        table.row(
                "growth by " + DAYS + " daily points",
                grown,
                NONE,
                NONE,
                "MiB",
                "<= 1.1 x changed",
                it -> it <= most,
                "%.1f MiB of noise were changed; the first point: %.0f MiB".formatted(changed, before));
    }
}
