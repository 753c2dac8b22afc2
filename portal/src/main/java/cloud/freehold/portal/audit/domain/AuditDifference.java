package cloud.freehold.portal.audit.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What an event changed, field by field, so that nobody has to compare two JSON texts by eye. */
@Component
public class AuditDifference {

    /** One field; null where it did not exist. */
    public record Field(
            String name, @Nullable String before, @Nullable String after) {}

    private final JsonMapper json;

    AuditDifference(JsonMapper json) {
        this.json = json;
    }

    public List<Field> of(AuditEvent event) {
        JsonNode before = tree(event.before());
        JsonNode after = tree(event.after());
        TreeSet<String> names = new TreeSet<>(before.propertyNames());
        names.addAll(after.propertyNames());
        List<Field> fields = new ArrayList<>();
        for (String name : names) {
            String old = text(before.get(name));
            String now = text(after.get(name));
            if (old == null || !old.equals(now)) {
                fields.add(new Field(name, old, now));
            }
        }
        return fields;
    }

    private JsonNode tree(@Nullable String text) {
        return text == null ? json.createObjectNode() : json.readTree(text);
    }

    private static @Nullable String text(@Nullable JsonNode value) {
        if (value == null || value.isNull()) {
            return null;
        }
        return value.isString() ? value.stringValue() : value.toString();
    }
}
