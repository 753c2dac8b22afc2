package cloud.freehold.portal.firewall.domain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Rules as a JSON list of objects, alone or in an object as its {@code rules}. */
public final class RuleFileJson {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final List<String> COLUMNS = RuleFileLine.COLUMNS;

    private RuleFileJson() {}

    static List<RuleFileLine> read(String text) {
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
        List<RuleFileLine> lines = new ArrayList<>();
        for (JsonNode item : list) {
            if (!item.isObject()) {
                throw new UnreadableException("Item " + (lines.size() + 1) + " of the list is not an object.");
            }
            Map<String, String> values = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> field : item.properties()) {
                String column = RuleFileLine.column(field.getKey());
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
            lines.add(RuleFileLine.of(lines.size() + 1, values));
        }
        return lines;
    }

    public static String write(String group, RuleSet set, RemoteNames names) {
        RuleWriter writer = new RuleWriter(names);
        ObjectNode root = JSON.createObjectNode();
        root.put("group", group);
        root.put("egressDefault", set.egressDefault().word());
        ArrayNode rules = root.putArray("rules");
        set.rules().forEach(rule -> {
            ObjectNode node = rules.addObject();
            RuleFileLine.fields(rule, writer).forEach(node::put);
        });
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }
}
