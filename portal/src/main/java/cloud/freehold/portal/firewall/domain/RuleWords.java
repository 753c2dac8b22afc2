package cloud.freehold.portal.firewall.domain;

/** Rules in words, for previews, history and the audit trail. */
public final class RuleWords {

    private final RemoteNames names;

    public RuleWords(RemoteNames names) {
        this.names = names;
    }

    /** "TCP 5432 (PostgreSQL) from group web". */
    public String packets(RuleSpec spec) {
        return service(spec) + " " + spec.direction().preposition() + " " + names.display(spec.remote());
    }

    /** "allow ingress TCP 5432 (PostgreSQL) from group web". */
    public String sentence(RuleSpec spec) {
        return spec.action().word() + " " + spec.direction().word() + " " + packets(spec)
                + (spec.enabled() ? "" : ", disabled");
    }

    /** "TCP 5432 (PostgreSQL)", "ICMP echo-request (Ping)", "any protocol". */
    public static String service(RuleSpec spec) {
        String match = match(spec);
        return Service.of(spec)
                .map(service -> match + " (" + service.name() + ")")
                .orElse(match);
    }

    /** "TCP 5432", "TCP, all ports", "any protocol, IPv6 only". */
    public static String match(RuleSpec spec) {
        String ports = RuleWriter.ports(spec);
        String text = spec.protocol().display();
        if (!ports.isEmpty()) {
            text += " " + ports;
        } else if (spec.protocol().hasPorts()) {
            text += ", all ports";
        } else if (spec.protocol().isIcmp()) {
            text += ", all types";
        }
        boolean said =
                spec.protocol().family() != EtherType.ANY || spec.remote().family() != EtherType.ANY;
        return spec.etherType() == EtherType.ANY || said
                ? text
                : text + ", " + spec.etherType().word() + " only";
    }
}
