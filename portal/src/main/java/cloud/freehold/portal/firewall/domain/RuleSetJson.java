package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.AddressGroupId;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Rules as they are kept in {@code ruleset_revision} and in drafts. The database's placement functions and the host link
 * read the revisions too, so the keys are a contract: those of {@code DesiredRule}, with {@code remoteGroupId} and
 * {@code remoteAddressGroupId} for the two kinds of sets.
 */
public final class RuleSetJson {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private RuleSetJson() {}

    public static String write(List<Rule> rules) {
        ArrayNode array = JSON.createArrayNode();
        rules.forEach(rule -> array.add(node(rule)));
        return JSON.writeValueAsString(array);
    }

    /** With each rule's place in the table. */
    static String writePlaced(List<Rule> rules, List<Integer> positions) {
        ArrayNode array = JSON.createArrayNode();
        for (int i = 0; i < rules.size(); i++) {
            array.add(node(rules.get(i)).put("position", positions.get(i)));
        }
        return JSON.writeValueAsString(array);
    }

    public static List<Rule> read(String text) {
        List<Rule> rules = new ArrayList<>();
        for (JsonNode node : JSON.readTree(text)) {
            rules.add(new Rule(new RuleId(UUID.fromString(node.get("id").asString())), spec(node)));
        }
        return rules;
    }

    private static ObjectNode node(Rule rule) {
        RuleSpec spec = rule.spec();
        ObjectNode node = JSON.createObjectNode();
        node.put("id", rule.id().toString());
        node.put("direction", spec.direction().name());
        node.put("etherType", spec.etherType().name());
        node.put("protocol", spec.protocol().number());
        node.put("portMin", spec.ports() == null ? null : spec.ports().min());
        node.put("portMax", spec.ports() == null ? null : spec.ports().max());
        node.put("icmpType", spec.icmp() == null ? null : spec.icmp().type());
        node.put("icmpCode", spec.icmp() == null ? null : spec.icmp().code());
        node.put(
                "remotePrefix",
                spec.remote() instanceof Remote.Prefix prefix ? prefix.cidr().toString() : null);
        node.put(
                "remoteGroupId",
                spec.remote() instanceof Remote.Group group ? group.id().toString() : null);
        node.put(
                "remoteAddressGroupId",
                spec.remote() instanceof Remote.Addresses addresses
                        ? addresses.id().toString()
                        : null);
        node.put("action", spec.action().name());
        node.put("description", spec.description());
        node.put("enabled", spec.enabled());
        node.put("log", spec.log());
        node.put("expiresAt", spec.expiresAt() == null ? null : spec.expiresAt().toString());
        return node;
    }

    private static RuleSpec spec(JsonNode node) {
        Integer portMin = number(node, "portMin");
        Integer portMax = number(node, "portMax");
        Integer icmpType = number(node, "icmpType");
        String expiresAt = text(node, "expiresAt");
        return new RuleSpec(
                Direction.valueOf(node.get("direction").asString()),
                Action.valueOf(node.get("action").asString()),
                EtherType.valueOf(node.get("etherType").asString()),
                new Protocol(number(node, "protocol")),
                portMin == null || portMax == null ? null : new PortRange(portMin, portMax),
                icmpType == null ? null : new IcmpType(icmpType, number(node, "icmpCode")),
                remote(text(node, "remotePrefix"), text(node, "remoteGroupId"), text(node, "remoteAddressGroupId")),
                node.get("description").asString(),
                node.get("enabled").asBoolean(),
                node.get("log").asBoolean(),
                expiresAt == null ? null : Instant.parse(expiresAt));
    }

    /** At most one is given, as the table demands. */
    static Remote remote(@Nullable String prefix, @Nullable String groupId, @Nullable String addressGroupId) {
        if (prefix != null) {
            return new Remote.Prefix(Cidr.parse(prefix));
        } else if (groupId != null) {
            return new Remote.Group(new SecurityGroupId(UUID.fromString(groupId)));
        } else if (addressGroupId != null) {
            return new Remote.Addresses(new AddressGroupId(UUID.fromString(addressGroupId)));
        }
        return Remote.ANY;
    }

    private static @Nullable Integer number(JsonNode node, String key) {
        JsonNode value = node.get(key);
        return value == null || value.isNull() ? null : Integer.valueOf(value.asInt());
    }

    private static @Nullable String text(JsonNode node, String key) {
        JsonNode value = node.get(key);
        return value == null || value.isNull() ? null : value.asString();
    }
}
