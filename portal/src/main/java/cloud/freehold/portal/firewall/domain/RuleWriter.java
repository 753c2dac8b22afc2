package cloud.freehold.portal.firewall.domain;

/** Writes a rule as the text that {@link RuleReader} reads back to the same rule. */
public final class RuleWriter {

    private final RemoteNames names;

    public RuleWriter(RemoteNames names) {
        this.names = names;
    }

    public RuleInput write(RuleSpec spec) {
        return new RuleInput(
                spec.direction().word(),
                spec.action().word(),
                spec.etherType() == impliedFamily(spec) ? "" : spec.etherType().word(),
                spec.protocol().toString(),
                ports(spec),
                names.format(spec.remote()),
                spec.description(),
                spec.enabled() ? "yes" : "no",
                spec.log() ? "yes" : "no",
                Expiry.format(spec.expiresAt()));
    }

    private static EtherType impliedFamily(RuleSpec spec) {
        EtherType ofProtocol = spec.protocol().family();
        return ofProtocol != EtherType.ANY ? ofProtocol : spec.remote().family();
    }

    /** Ports or the ICMP type; empty when all. */
    public static String ports(RuleSpec spec) {
        if (spec.icmp() != null) {
            return spec.icmp().format(spec.protocol());
        }
        return spec.ports() == null ? "" : spec.ports().toString();
    }
}
