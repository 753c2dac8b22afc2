package cloud.freehold.agent.it;

import static cloud.freehold.agent.it.BenchTable.NONE;

import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What a guest that writes without pause feels of its backups, by its own clock. */
final class BackupStall {
    private static final List<Integer> POINTS = List.of(0, 10, 100);
    private static final int REST_SECONDS = 10;
    private static final int LOOKS = 5;
    private static final int LOOK_SECONDS = 3;
    /** Guest's and host's clocks are not known to agree more exactly. */
    private static final int CLOCKS_MILLIS = 150;

    private static final int MOST_MILLIS = 50;

    private final BenchVm bench;
    private final BenchTable table;
    private final TimedWriter writer;

    BackupStall(BenchVm bench, BenchTable table) throws Exception {
        this.bench = bench;
        this.table = table;
        this.writer = new TimedWriter(bench.vm);
    }

    void measure() throws Exception {
        var rest = writer.during(REST_SECONDS);
        own(
                "longest write, no backup",
                rest.longestMillis(),
                rate(rest) + ": what emulation and the machine's load add");
        for (var level : Consistency.values()) {
            var store = new TestStore(bench.rig);
            for (var what : List.of("full", "1 % changed")) {
                bench.change();
                writer.begin();
                var certificate = store.backup(bench.vm, level, level).certificate();
                add("longest write, " + what + ", " + level.name().toLowerCase(Locale.ROOT), certificate, writer.end());
            }
        }
        var peers = new BackupPeers(bench);
        for (var what : List.of("full", "inc")) {
            bench.change();
            writer.begin();
            peers.virtnbdbackup("busy", "-l", what);
            var felt = writer.end();
            var note = "it freezes through the guest's agent; " + rate(felt);
            var name = "longest write, " + (what.equals("full") ? "full" : "1 % changed") + ", peer";
            table.row(name, NONE, felt.longestMillis(), NONE, "ms", note);
        }
    }

    private void add(String name, Certificate certificate, TimedWriter.Felt felt) {
        var copying = certificate.at().plusMillis(CLOCKS_MILLIS);
        double moment = felt.longestMillisUntil(copying);
        var note =
                "the host held it for %d ms at most, %s".formatted(certificate.longestPauseMillis(), how(certificate));
        if (certificate.achieved() == Consistency.BARRIER) {
            var expected = "<= " + MOST_MILLIS;
            table.row(name + ": moment", moment, NONE, NONE, "ms", expected, it -> it <= MOST_MILLIS, note);
        } else {
            own(name + ": moment", moment, note);
        }
        own(name + ": copy", felt.longestMillisFrom(copying), rate(felt));
    }

    private static String how(Certificate certificate) {
        return switch (certificate.achieved()) {
            case FILESYSTEM -> "frozen";
            case BARRIER -> "stopped " + certificate.tries() + " times";
            case CRASH -> "running";
        };
    }

    private static String rate(TimedWriter.Felt felt) {
        return "%.0f fsyncs a second".formatted(felt.perSecond());
    }

    private void own(String what, double millis, String note) {
        table.row(what, millis, NONE, NONE, "ms", note);
    }

    /** Earlier points are to make no difference; a tenth is what looks at one and the same differ by. */
    void besidePoints() throws Exception {
        var store = new TestStore(bench.rig);
        int points = 0;
        double none = 0;
        for (int wanted : POINTS) {
            for (; points < wanted; points++) {
                store.backup(bench.vm, Consistency.CRASH, Consistency.CRASH);
            }
            double[] looks = new double[LOOKS];
            for (int i = 0; i < LOOKS; i++) {
                looks[i] = writer.during(LOOK_SECONDS).perSecond();
            }
            Arrays.sort(looks);
            none = wanted == 0 ? looks[LOOKS / 2] : none;
            double least = none * 0.9;
            var note = "the middle of %d looks between %.0f and %.0f".formatted(LOOKS, looks[0], looks[LOOKS - 1]);
            var expected = wanted == 0 ? "" : ">= 90 % of none";
            table.row(
                    "fsyncs, " + wanted + " points",
                    looks[LOOKS / 2],
                    NONE,
                    NONE,
                    "/s",
                    expected,
                    it -> it >= least,
                    note);
        }
    }
}
