package cloud.freehold.portal.firewall.domain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rules as CSV, with a first line that names the columns. */
public final class RuleFileCsv {

    private static final List<String> COLUMNS = RuleFileLine.COLUMNS;

    private RuleFileCsv() {}

    static List<RuleFileLine> read(String text) {
        List<CsvText.Record> records = CsvText.parse(text);
        if (records.isEmpty()) {
            return List.of();
        }
        List<String> columns =
                records.get(0).fields().stream().map(RuleFileLine::column).toList();
        if (!columns.contains("direction")) {
            throw new UnreadableException(
                    "The first line must name the columns, direction among them: " + String.join(",", COLUMNS) + ".");
        }
        List<String> unknown =
                columns.stream().filter(column -> !COLUMNS.contains(column)).toList();
        if (!unknown.isEmpty()) {
            throw new UnreadableException("There is no column “" + unknown.get(0) + "”. The columns are "
                    + String.join(", ", COLUMNS) + "; only direction is required.");
        }
        List<RuleFileLine> lines = new ArrayList<>();
        for (CsvText.Record record : records.subList(1, records.size())) {
            Map<String, String> values = new LinkedHashMap<>();
            if (record.fields().size() > columns.size()) {
                throw new UnreadableException(
                        "Line " + record.number() + " has " + record.fields().size() + " fields, but there are "
                                + columns.size() + " columns. Quote fields that contain the separator.");
            }
            for (int i = 0; i < record.fields().size(); i++) {
                values.put(columns.get(i), record.fields().get(i));
            }
            lines.add(RuleFileLine.of(record.number(), values));
        }
        return lines;
    }

    public static String write(List<Rule> rules, RemoteNames names) {
        RuleWriter writer = new RuleWriter(names);
        StringBuilder text = new StringBuilder(CsvText.write(COLUMNS)).append("\r\n");
        for (Rule rule : rules) {
            text.append(CsvText.write(
                            List.copyOf(RuleFileLine.fields(rule, writer).values())))
                    .append("\r\n");
        }
        return text.toString();
    }
}
