package cloud.freehold.portal.fuzz;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import tools.jackson.databind.json.JsonMapper;

/** Values that no field expects. Random, but the same for the same seed. */
final class Nonsense {

    private static final int LONG_TEXT = 70_000;
    private static final int DEEP = 5_000;

    private static final List<String> TEXTS = List.of(
            "",
            " ",
            "\u0000",
            "a\u0000b",
            "\uD800",
            "\uFFFE\uFFFF",
            "\u202Ereversed",
            "\uD83E\uDDEA",
            "-1",
            "0",
            "65536",
            "4294967296",
            "99999999999999999999999999",
            "1e309",
            "NaN",
            "null",
            "true",
            "2026-02-30",
            "9999999999-01-01",
            "+999999999-12-31T23:59:59Z",
            "0.0.0.0/33",
            "::ffff:10.0.0.1/129",
            "10.0.0.1",
            "fe80::1%eth0",
            "00000000-0000-0000-0000-000000000000",
            "1-1-1-1-1",
            "../../etc/passwd",
            "'; drop table tenant; --",
            "${7*7}#{7*7}*{7*7}__${T(java.lang.Runtime)}__::x",
            "<script>alert(1)</script>",
            "=cmd|' /C calc'!A0",
            "OWNER",
            "owner",
            "a".repeat(300),
            "x".repeat(LONG_TEXT));

    private final Random random;
    private final JsonMapper json = new JsonMapper();
    private final List<String> foreignIds;
    private final List<String> ownIds;

    /**
     * @param foreignIds of another tenant
     * @param ownIds with which the nonsense beside them gets past the look-up
     */
    Nonsense(long seed, List<String> foreignIds, List<String> ownIds) {
        this.random = new Random(seed);
        this.foreignIds = foreignIds;
        this.ownIds = ownIds;
    }

    String text() {
        int choice = random.nextInt(TEXTS.size() + 8);
        return choice < TEXTS.size() ? TEXTS.get(choice) : oneOf(foreignIds);
    }

    private String oneOf(List<String> ids) {
        return ids.get(random.nextInt(ids.size()));
    }

    /** For a part of a path: what a client could really send there, ids of things that exist more often than not. */
    String pathPart() {
        int kind = random.nextInt(3);
        if (kind < 2) {
            return oneOf(kind == 0 ? foreignIds : ownIds);
        }
        String part = text();
        return part.isBlank() || part.length() > 1_000 || part.contains("/") ? "x" : part;
    }

    /** A body for this type: about right in its shape, wrong in its values; now and then no JSON at all. */
    String body(Type type) {
        return switch (random.nextInt(12)) {
            case 0 -> "";
            case 1 -> "{";
            case 2 -> "[]";
            case 3 -> "null";
            case 4 -> "\"" + "x".repeat(100) + "\"";
            case 5 -> "[".repeat(DEEP);
            case 6 -> "{\"a\":".repeat(DEEP) + "1" + "}".repeat(DEEP);
            default -> json.writeValueAsString(value(type, 0)).replace("\"<half>\"", "\"\\ud800\"");
        };
    }

    private Object value(Type type, int depth) {
        if (depth > 4 || random.nextInt(4) == 0) {
            return anything();
        }
        if (type instanceof Class<?> plain && plain.isRecord()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            for (RecordComponent component : plain.getRecordComponents()) {
                if (random.nextInt(8) != 0) {
                    fields.put(component.getName(), value(component.getGenericType(), depth + 1));
                }
            }
            return fields;
        }
        if (type instanceof Class<?> plain && plain.isEnum()) {
            Object[] constants = plain.getEnumConstants();
            return constants[random.nextInt(constants.length)].toString();
        }
        if (type instanceof ParameterizedType generic && generic.getRawType() == List.class) {
            List<Object> items = new ArrayList<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                items.add(value(generic.getActualTypeArguments()[0], depth + 1));
            }
            return items;
        }
        return anything();
    }

    private Object anything() {
        return switch (random.nextInt(10)) {
            case 0 -> -1;
            case 1 -> Long.MAX_VALUE;
            case 2 -> 1.5;
            case 3 -> true;
            case 4 -> List.of(List.of(), Map.of());
            case 5 -> Map.of("id", Map.of());
            case 6 -> "<half>";
            default -> text();
        };
    }

    boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }
}
