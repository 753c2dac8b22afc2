package cloud.freehold.portal.firewall.domain;

import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a {@link RuleInput}. Lists of protocols, ports and remotes expand to one rule for each combination; all fields
 * are read, so that all mistakes are told at once.
 */
public final class RuleReader {

    /** One input becomes at most this many rules. */
    public static final int EXPANSION_LIMIT = 64;

    private final RemoteNames names;
    private final Instant now;
    private final ZoneId zone;

    public RuleReader(RemoteNames names, Instant now, ZoneId zone) {
        this.names = names;
        this.now = now;
        this.zone = zone;
    }

    /** Rules or errors, never both. */
    public record Reading(List<RuleSpec> specs, List<FieldError> errors) {

        public boolean isValid() {
            return errors.isEmpty();
        }
    }

    public Reading read(RuleInput input) {
        FieldErrors errors = new FieldErrors();
        Direction direction = errors.get("direction", () -> RuleFields.direction(input.direction()));
        Action action = errors.get("action", () -> RuleFields.action(input.action()));
        EtherType etherType = errors.get("etherType", () -> RuleFields.etherType(input.etherType()));
        Set<Protocol> protocols = errors.list("protocol", input.protocol(), Protocol::parse);
        Set<Remote> remotes = errors.list("remote", input.remote(), this::remote);
        Boolean enabled = errors.get("enabled", () -> RuleFields.flag(input.enabled(), true));
        Boolean log = errors.get("log", () -> RuleFields.flag(input.log(), false));
        String description = errors.get("description", () -> RuleFields.description(input.description()));
        Optional<Instant> expires =
                errors.get("expires", () -> Optional.ofNullable(Expiry.parse(input.expires(), now, zone)));
        List<Match> matches = protocols == null ? List.of() : matches(protocols, input.ports(), errors);
        if (!errors.areNone()
                || direction == null
                || action == null
                || etherType == null
                || remotes == null
                || enabled == null
                || log == null
                || description == null
                || expires == null) {
            return new Reading(List.of(), errors.all());
        }
        List<RuleSpec> specs = new ArrayList<>();
        for (Match match : matches) {
            for (Remote remote : remotes) {
                EtherType family = family(etherType, match.protocol(), remote, errors);
                if (family != null) {
                    specs.add(new RuleSpec(
                            direction,
                            action,
                            family,
                            match.protocol(),
                            match.ports(),
                            match.icmp(),
                            remote,
                            description,
                            enabled,
                            log,
                            expires.orElse(null)));
                }
            }
        }
        if (errors.areNone() && specs.size() > EXPANSION_LIMIT) {
            errors.add(
                    "ports",
                    "This makes " + specs.size() + " rules; at most " + EXPANSION_LIMIT
                            + " come from one row. Put the addresses into an address group, or use a port range.");
        }
        return errors.areNone() ? new Reading(specs, List.of()) : new Reading(List.of(), errors.all());
    }

    private record Match(
            Protocol protocol,
            @Nullable PortRange ports,
            @Nullable IcmpType icmp) {}

    private static List<Match> matches(Set<Protocol> protocols, String text, FieldErrors errors) {
        List<Match> matches = new ArrayList<>();
        for (Protocol protocol : protocols) {
            if (isAll(text)) {
                matches.add(new Match(protocol, null, null));
            } else if (protocol.isIcmp()) {
                Set<IcmpType> types = errors.list("ports", text, one -> IcmpType.parse(one, protocol));
                if (types != null) {
                    types.forEach(type -> matches.add(new Match(protocol, null, type)));
                }
            } else if (protocol.hasPorts()) {
                Set<PortRange> ports = errors.list("ports", text, PortRange::parse);
                if (ports != null) {
                    ports.forEach(range -> matches.add(new Match(protocol, whole(range), null)));
                }
            } else {
                errors.add(
                        "ports",
                        protocol.isAny()
                                ? "Ports need a protocol: choose tcp or udp, or leave the ports empty."
                                : protocol.display() + " has no ports. Leave the field empty.");
            }
        }
        return matches;
    }

    /** 0-65535 is the same as no range. */
    private static @Nullable PortRange whole(PortRange range) {
        return range.min() == 0 && range.max() == PortRange.HIGHEST ? null : range;
    }

    private static boolean isAll(String text) {
        String word = text.strip().toLowerCase(Locale.ROOT);
        return word.isEmpty() || word.equals("any") || word.equals("all") || word.equals("*");
    }

    private Remote remote(String text) {
        String word = text.strip();
        String lower = word.toLowerCase(Locale.ROOT);
        if (word.isEmpty() || lower.equals("any") || lower.equals("*")) {
            return Remote.ANY;
        }
        if (lower.startsWith(RemoteNames.GROUP)) {
            String name = word.substring(RemoteNames.GROUP.length()).strip();
            return names.group(name).orElseThrow(() -> unknown("security group", name));
        }
        if (lower.startsWith(RemoteNames.ADDRESSES)) {
            String name = word.substring(RemoteNames.ADDRESSES.length()).strip();
            return names.addressGroup(name).orElseThrow(() -> unknown("address group", name));
        }
        if (lower.matches("[0-9a-f:./%]+") && (word.contains(".") || word.contains(":"))) {
            return new Remote.Prefix(Cidr.parse(word));
        }
        return names.group(word)
                .map(group -> meant(word, RemoteNames.GROUP + word))
                .or(() -> names.addressGroup(word).map(group -> meant(word, RemoteNames.ADDRESSES + word)))
                .orElseThrow(
                        () -> new UnreadableException("“" + word + "” is not a remote. Write any, an address, a CIDR"
                                + " like 10.0.0.0/8, group:NAME or addresses:NAME."));
    }

    private static Remote meant(String word, String suggestion) {
        throw new UnreadableException("“" + word + "” names a group; write it as " + suggestion + ".", suggestion);
    }

    private static UnreadableException unknown(String kind, String name) {
        return new UnreadableException(
                "There is no " + kind + " named “" + name + "”. Check the name, or create it first.");
    }

    private static @Nullable EtherType family(EtherType wanted, Protocol protocol, Remote remote, FieldErrors errors) {
        EtherType ofProtocol = protocol.family();
        EtherType ofRemote = remote.family();
        if (ofProtocol != EtherType.ANY && ofRemote != EtherType.ANY && ofProtocol != ofRemote) {
            errors.add(
                    "remote",
                    protocol.display() + " goes with " + ofProtocol.word() + ", this remote is " + ofRemote.word()
                            + ". Use " + (ofRemote == EtherType.IPV4 ? "icmp" : "icmpv6") + ", or another remote.");
            return null;
        }
        EtherType derived = ofProtocol != EtherType.ANY ? ofProtocol : ofRemote;
        if (wanted != EtherType.ANY && derived != EtherType.ANY && wanted != derived) {
            errors.add(
                    "etherType",
                    "The " + (ofRemote == EtherType.ANY ? "protocol" : "remote") + " is " + derived.word()
                            + ", so the rule cannot be for " + wanted.word() + " only.");
            return null;
        }
        return derived == EtherType.ANY ? wanted : derived;
    }
}
