package cloud.freehold.agent.it;

import cloud.freehold.agent.common.Json;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoublePredicate;

/** What a measurement found beside what was expected of it: printed line by line, and written as JSON. */
final class BenchTable {
    /** A figure that was not taken. */
    static final double NONE = Double.NaN;

    private static final String LINE = "%-44s %10s %13s %10s %-5s %-22s %-6s %s%n";

    private final String firstPeer;
    private final String secondPeer;
    private final List<Map<String, Object>> rows = new ArrayList<>();
    private final double loadBefore =
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();

    BenchTable(String firstPeer, String secondPeer) {
        this.firstPeer = firstPeer;
        this.secondPeer = secondPeer;
        System.out.printf(LINE, "what", "ours", firstPeer, secondPeer, "unit", "expected", "", "");
    }

    /** Nothing is expected. */
    void row(String what, double ours, double first, double second, String unit, String note) {
        add(what, ours, first, second, unit, "", null, note);
    }

    /**
     * @param expected empty: nothing
     * @param kept of our figure; a figure that was not taken does not keep it
     */
    void row(
            String what,
            double ours,
            double first,
            double second,
            String unit,
            String expected,
            DoublePredicate kept,
            String note) {
        add(
                what,
                ours,
                first,
                second,
                unit,
                expected,
                expected.isEmpty() ? null : !Double.isNaN(ours) && kept.test(ours),
                note);
    }

    /** A part that could not be measured is a row that was not kept; the others are worth measuring. */
    void brokeOff(String part, Throwable why) {
        add(
                part,
                NONE,
                NONE,
                NONE,
                "",
                "to be measured",
                false,
                "broke off: "
                        + String.valueOf(why.getMessage()).lines().findFirst().orElse(why.toString()));
    }

    private void add(
            String what,
            double ours,
            double first,
            double second,
            String unit,
            String expected,
            Boolean ok,
            String note) {
        var row = new LinkedHashMap<String, Object>();
        row.put("what", what);
        row.put("ours", number(ours));
        row.put(firstPeer, number(first));
        row.put(secondPeer, number(second));
        row.put("unit", unit);
        row.put("expected", expected);
        row.put("ok", ok);
        row.put("note", note);
        rows.add(row);
        var verdict = ok == null ? "" : ok ? "ok" : "MISSED";
        System.out.printf(LINE, what, text(ours), text(first), text(second), unit, expected, verdict, note);
    }

    private static Double number(double figure) {
        return Double.isNaN(figure) ? null : Double.valueOf(text(figure));
    }

    private static String text(double figure) {
        if (Double.isNaN(figure)) {
            return "-";
        }
        return String.format(Locale.ROOT, Math.abs(figure) >= 100 ? "%.0f" : "%.2f", figure);
    }

    void write(Path out, Map<String, Object> about) throws IOException {
        var machine = new LinkedHashMap<String, Object>(about);
        machine.put("cores", Runtime.getRuntime().availableProcessors());
        machine.put("kernel", System.getProperty("os.version"));
        machine.put("load_before", loadBefore);
        Files.writeString(
                out,
                Json.MAPPER
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(Map.of("machine", machine, "rows", rows)));
    }
}
