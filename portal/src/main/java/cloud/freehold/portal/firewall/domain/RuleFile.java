package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.firewall.RuleId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Rules as a file, CSV or JSON: both name groups by their names, so that a file fits another tenant, and carry rule ids,
 * so that what comes back to its own group changes rules and does not replace them.
 */
public final class RuleFile {

    public static final int LINE_LIMIT = 20_000;

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final List<String> COLUMNS = List.of(
            "id",
            "direction",
            "action",
            "ethertype",
            "protocol",
            "ports",
            "remote",
            "description",
            "enabled",
            "log",
            "expires");
    private static final Map<String, String> ALIASES = Map.ofEntries(
            Map.entry("ether_type", "ethertype"),
            Map.entry("ip_version", "ethertype"),
            Map.entry("ipversion", "ethertype"),
            Map.entry("port", "ports"),
            Map.entry("port_range", "ports"),
            Map.entry("source", "remote"),
            Map.entry("cidr", "remote"),
            Map.entry("remote_ip_prefix", "remote"),
            Map.entry("comment", "description"),
            Map.entry("expires_at", "expires"),
            Map.entry("expiresat", "expires"));

    private RuleFile() {}

    /** @param number the line in a CSV file, the item's number in a JSON list; from 1 */
    public record Line(int number, @Nullable String id, RuleInput input) {}

    /** @param line 0: the file as a whole */
    public record LineError(
            int line,
            @Nullable String field,
            String message,
            @Nullable String suggestion) {}

    /** What was understood; with errors, nothing is to be applied. */
    public record Content(List<Parsed> rules, List<LineError> errors) {

        public boolean isValid() {
            return errors.isEmpty();
        }
    }

    /** @param id the rule that the file says it is; null for a new one */
    public record Parsed(int line, @Nullable RuleId id, RuleSpec spec) {}

    public static Content read(String text, RuleReader reader) {
        List<Line> lines;
        try {
            String start = text.stripLeading();
            lines = start.startsWith("[") || start.startsWith("{") ? json(text) : csv(text);
        } catch (UnreadableException e) {
            return new Content(List.of(), List.of(new LineError(0, null, e.sentence(), null)));
        }
        if (lines.isEmpty()) {
            return whole(
                    "There are no rules in this. Paste CSV with a line of column names, or JSON; the export shows both.");
        }
        if (lines.size() > LINE_LIMIT) {
            return whole("This has " + lines.size() + " rules; at most " + LINE_LIMIT + " are read at once.");
        }
        return parsed(lines, reader);
    }

    private static Content whole(String message) {
        return new Content(List.of(), List.of(new LineError(0, null, message, null)));
    }

    private static Content parsed(List<Line> lines, RuleReader reader) {
        List<Parsed> rules = new ArrayList<>();
        List<LineError> errors = new ArrayList<>();
        Set<RuleId> seen = new HashSet<>();
        for (Line line : lines) {
            RuleReader.Reading reading = reader.read(line.input());
            reading.errors()
                    .forEach(e -> errors.add(new LineError(line.number(), e.field(), e.message(), e.suggestion())));
            RuleId id = line.id() == null || line.id().isBlank() ? null : id(line, errors);
            if (id != null && !seen.add(id)) {
                errors.add(new LineError(
                        line.number(), "id", "Rule " + id + " is listed twice; leave the id of one empty.", null));
            }
            for (RuleSpec spec : reading.specs()) {
                rules.add(new Parsed(line.number(), id, spec));
                id = null;
            }
        }
        return new Content(rules, errors);
    }

    private static @Nullable RuleId id(Line line, List<LineError> errors) {
        try {
            return RuleId.of(String.valueOf(line.id()).strip());
        } catch (NotFoundException e) {
            errors.add(new LineError(
                    line.number(),
                    "id",
                    "“" + line.id() + "” is not a rule's id. Leave it empty for a new rule.",
                    null));
            return null;
        }
    }

    private static List<Line> csv(String text) {
        List<CsvText.Record> records = CsvText.parse(text);
        if (records.isEmpty()) {
            return List.of();
        }
        List<String> columns =
                records.get(0).fields().stream().map(RuleFile::column).toList();
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
        List<Line> lines = new ArrayList<>();
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
            lines.add(line(record.number(), values));
        }
        return lines;
    }

    private static String column(String header) {
        String name = header.strip().toLowerCase(Locale.ROOT).replace(' ', '_');
        return ALIASES.getOrDefault(name, name);
    }

    private static List<Line> json(String text) {
        JsonNode root;
        try {
            root = JSON.readTree(text);
        } catch (JacksonException e) {
            throw new UnreadableException("This is not valid JSON: " + e.getOriginalMessage() + ".");
        }
        JsonNode list = root.isArray() ? root : root.path("rules");
        if (!list.isArray()) {
            throw new UnreadableException("The JSON must be a list of rules, or an object with a list named “rules”.");
        }
        List<Line> lines = new ArrayList<>();
        for (JsonNode item : list) {
            if (!item.isObject()) {
                throw new UnreadableException("Item " + (lines.size() + 1) + " of the list is not an object.");
            }
            Map<String, String> values = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> field : item.properties()) {
                String column = column(field.getKey());
                if (!COLUMNS.contains(column)) {
                    throw new UnreadableException("Item " + (lines.size() + 1) + " has a field “" + field.getKey()
                            + "”, which no rule has. The fields are " + String.join(", ", COLUMNS) + ".");
                }
                if (!field.getValue().isValueNode()) {
                    throw new UnreadableException(
                            "The field “" + field.getKey() + "” of item " + (lines.size() + 1) + " must be a text.");
                }
                values.put(
                        column,
                        field.getValue().isNull() ? "" : field.getValue().asString());
            }
            lines.add(line(lines.size() + 1, values));
        }
        return lines;
    }

    private static Line line(int number, Map<String, String> values) {
        return new Line(
                number,
                values.get("id"),
                new RuleInput(
                        values.getOrDefault("direction", ""),
                        values.getOrDefault("action", ""),
                        values.getOrDefault("ethertype", ""),
                        values.getOrDefault("protocol", ""),
                        values.getOrDefault("ports", ""),
                        values.getOrDefault("remote", ""),
                        values.getOrDefault("description", ""),
                        values.getOrDefault("enabled", ""),
                        values.getOrDefault("log", ""),
                        values.getOrDefault("expires", "")));
    }

    public static String writeCsv(List<Rule> rules, RemoteNames names) {
        RuleWriter writer = new RuleWriter(names);
        StringBuilder text = new StringBuilder(CsvText.write(COLUMNS)).append("\r\n");
        for (Rule rule : rules) {
            text.append(CsvText.write(List.copyOf(fields(rule, writer).values())))
                    .append("\r\n");
        }
        return text.toString();
    }

    public static String writeJson(String group, RuleSet set, RemoteNames names) {
        RuleWriter writer = new RuleWriter(names);
        ObjectNode root = JSON.createObjectNode();
        root.put("group", group);
        root.put("egressDefault", set.egressDefault().word());
        ArrayNode rules = root.putArray("rules");
        set.rules().forEach(rule -> {
            ObjectNode node = rules.addObject();
            fields(rule, writer).forEach(node::put);
        });
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }

    private static Map<String, String> fields(Rule rule, RuleWriter writer) {
        RuleInput text = writer.write(rule.spec());
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("id", rule.id().toString());
        fields.put("direction", text.direction());
        fields.put("action", text.action());
        fields.put("ethertype", text.etherType());
        fields.put("protocol", text.protocol());
        fields.put("ports", text.ports());
        fields.put("remote", text.remote());
        fields.put("description", text.description());
        fields.put("enabled", text.enabled());
        fields.put("log", text.log());
        fields.put("expires", text.expires());
        return fields;
    }
}
