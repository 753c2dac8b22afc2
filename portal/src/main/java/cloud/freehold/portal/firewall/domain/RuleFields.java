package cloud.freehold.portal.firewall.domain;

import java.util.Locale;

/** A rule's plain fields as they are typed; each refuses with a sentence what it cannot read. */
final class RuleFields {

    private RuleFields() {}

    static Action action(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "", "allow", "accept" -> Action.ALLOW;
            case "drop", "deny" -> Action.DROP;
            default -> throw new UnreadableException("“" + text.strip() + "” is not an action. Write allow or drop.");
        };
    }

    static EtherType etherType(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "", "any", "auto" -> EtherType.ANY;
            case "ipv4", "4", "v4" -> EtherType.IPV4;
            case "ipv6", "6", "v6" -> EtherType.IPV6;
            default ->
                throw new UnreadableException("“" + text.strip() + "” is not an IP version. Write any, IPv4 or IPv6.");
        };
    }

    static boolean flag(String text, boolean otherwise) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "" -> otherwise;
            case "yes", "true", "on", "1" -> true;
            case "no", "false", "off", "0" -> false;
            default -> throw new UnreadableException("“" + text.strip() + "” is neither yes nor no.");
        };
    }

    static String description(String text) {
        String plain = text.strip();
        if (plain.length() > RuleSpec.DESCRIPTION_LIMIT) {
            throw new UnreadableException("The description has " + plain.length() + " characters; at most "
                    + RuleSpec.DESCRIPTION_LIMIT + " fit.");
        }
        if (plain.chars().anyMatch(Character::isISOControl)) {
            throw new UnreadableException(
                    "The description has line breaks or control characters. Write it in one line.");
        }
        return plain;
    }

    static Direction direction(String text) {
        for (Direction direction : Direction.values()) {
            if (direction.word().equalsIgnoreCase(text.strip())) {
                return direction;
            }
        }
        throw new UnreadableException("“" + text.strip() + "” is not a direction. Write ingress or egress.");
    }
}
