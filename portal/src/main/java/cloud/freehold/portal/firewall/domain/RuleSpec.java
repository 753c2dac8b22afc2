package cloud.freehold.portal.firewall.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a rule says.
 *
 * @param ports null: all of the protocol's ports
 * @param icmp null: all types
 * @param expiresAt when it ends by itself; null: never
 */
public record RuleSpec(
        Direction direction,
        Action action,
        EtherType etherType,
        Protocol protocol,
        @Nullable PortRange ports,
        @Nullable IcmpType icmp,
        Remote remote,
        String description,
        boolean enabled,
        boolean log,
        @Nullable Instant expiresAt) {

    public static final int DESCRIPTION_LIMIT = 200;

    public RuleSpec {
        if (ports != null && !protocol.hasPorts()) {
            throw new IllegalArgumentException(protocol + " has no ports");
        }
        if (icmp != null && !protocol.isIcmp()) {
            throw new IllegalArgumentException(protocol + " has no ICMP types");
        }
        if (!agree(etherType, protocol.family()) || !agree(etherType, remote.family())) {
            throw new IllegalArgumentException(etherType + " with " + protocol + " and " + remote);
        }
        if (description.length() > DESCRIPTION_LIMIT) {
            throw new IllegalArgumentException("Description of " + description.length() + " characters");
        }
    }

    /** A rule's ethertype is as narrow as its protocol and remote are, so that equal rules are equal. */
    private static boolean agree(EtherType etherType, EtherType narrower) {
        return narrower == EtherType.ANY || etherType == narrower;
    }

    public boolean isExpired(Instant now) {
        return expiresAt != null && !expiresAt.isAfter(now);
    }

    public boolean isEffective(Instant now) {
        return enabled && !isExpired(now);
    }

    public RuleSpec withEnabled(boolean on) {
        return new RuleSpec(
                direction, action, etherType, protocol, ports, icmp, remote, description, on, log, expiresAt);
    }

    /** Which packets it is about, apart from what happens to them. */
    public RuleSpec matchOnly() {
        return new RuleSpec(direction, action, etherType, protocol, ports, icmp, remote, "", true, false, null);
    }
}
