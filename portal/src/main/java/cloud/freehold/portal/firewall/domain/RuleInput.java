package cloud.freehold.portal.firewall.domain;

/**
 * A rule as people write it: in the editor's row, in a line of CSV, in an imported JSON object. Empty means the default.
 *
 * @param protocol name or number; a list expands to several rules
 * @param ports ports, ranges, or the ICMP type; a list expands likewise
 * @param remote {@code any}, an address or CIDR, {@code group:NAME}, {@code addresses:NAME}; a list expands likewise
 * @param expires a time, or a span from now like {@code 2h}
 */
public record RuleInput(
        String direction,
        String action,
        String etherType,
        String protocol,
        String ports,
        String remote,
        String description,
        String enabled,
        String log,
        String expires) {

    public static final RuleInput EMPTY_INGRESS =
            new RuleInput("ingress", "allow", "", "tcp", "", "any", "", "yes", "no", "");

    public static RuleInput empty(Direction direction) {
        return EMPTY_INGRESS.withDirection(direction);
    }

    public RuleInput withDirection(Direction to) {
        return new RuleInput(to.word(), action, etherType, protocol, ports, remote, description, enabled, log, expires);
    }

    public RuleInput withRemote(String other) {
        return new RuleInput(direction, action, etherType, protocol, ports, other, description, enabled, log, expires);
    }

    public RuleInput withService(String newProtocol, String newPorts) {
        return new RuleInput(
                direction, action, etherType, newProtocol, newPorts, remote, description, enabled, log, expires);
    }

    /** Takes over a suggested value; a field that has no suggestions stays. */
    public RuleInput withField(String field, String value) {
        return switch (field) {
            case "protocol" -> withService(value, ports);
            case "ports" -> withService(protocol, value);
            case "remote" -> withRemote(value);
            default -> this;
        };
    }
}
