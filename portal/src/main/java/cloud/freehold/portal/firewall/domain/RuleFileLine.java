package cloud.freehold.portal.firewall.domain;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One rule of a file, as text; and the columns that files have, whatever their format.
 *
 * @param number the line in a CSV file, the item's number in a JSON list; from 1
 * @param id as it stands there; null or empty for a new rule
 */
record RuleFileLine(int number, @Nullable String id, RuleInput input) {

    static final List<String> COLUMNS = List.of(
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

    /** The column that a header or a field's name means; what is in no file stays as it is. */
    static String column(String header) {
        String name = header.strip().toLowerCase(Locale.ROOT).replace(' ', '_');
        return ALIASES.getOrDefault(name, name);
    }

    static RuleFileLine of(int number, Map<String, String> values) {
        return new RuleFileLine(
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

    /** A rule's texts by column. */
    static Map<String, String> fields(Rule rule, RuleWriter writer) {
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
