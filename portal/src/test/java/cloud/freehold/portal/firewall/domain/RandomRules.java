package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.AddressGroupId;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** Seeded generators for property tests. */
final class RandomRules {

    static final SecurityGroupId WEB = new SecurityGroupId(new UUID(1, 1));
    static final SecurityGroupId DB = new SecurityGroupId(new UUID(1, 2));
    static final AddressGroupId OFFICE = new AddressGroupId(new UUID(2, 1));
    static final RemoteNames NAMES = new RemoteNames(Map.of(WEB, "web", DB, "db servers"), Map.of(OFFICE, "office"));

    private RandomRules() {}

    static Cidr cidr(Random random) {
        boolean v6 = random.nextBoolean();
        int length = random.nextInt(v6 ? 129 : 33);
        long high = v6 ? sparse(random) : 0;
        long low = v6 ? sparse(random) : random.nextLong() & 0xFFFF_FFFFL;
        if (v6 && high == 0 && low >>> 32 == 0xFFFF) {
            low = 1; // an IPv4-mapped address has no IPv6 text of its own
        }
        for (int bit = length; bit < (v6 ? 128 : 32); bit++) {
            if (v6 && bit < 64) {
                high &= ~(1L << (63 - bit));
            } else {
                low &= ~(1L << ((v6 ? 127 : 31) - bit));
            }
        }
        return new Cidr(v6 ? EtherType.IPV6 : EtherType.IPV4, high, low, length);
    }

    /** Many zero groups, so that :: comes up in all places. */
    private static long sparse(Random random) {
        long mask = 0;
        for (int group = 0; group < 4; group++) {
            mask = mask << 16 | (random.nextBoolean() ? 0xFFFF : 0);
        }
        return random.nextLong() & mask;
    }

    static RuleSpec spec(Random random) {
        Protocol protocol = switch (random.nextInt(6)) {
            case 0 -> Protocol.ANY;
            case 1 -> Protocol.TCP;
            case 2 -> Protocol.UDP;
            case 3 -> Protocol.ICMP;
            case 4 -> Protocol.ICMPV6;
            default -> new Protocol(random.nextInt(256));
        };
        Remote remote = remote(random, protocol.family());
        EtherType family = protocol.family() != EtherType.ANY ? protocol.family() : remote.family();
        if (family == EtherType.ANY) {
            family = EtherType.values()[random.nextInt(3)];
        }
        return new RuleSpec(
                random.nextBoolean() ? Direction.INGRESS : Direction.EGRESS,
                random.nextInt(4) == 0 ? Action.DROP : Action.ALLOW,
                family,
                protocol,
                protocol.hasPorts() && random.nextInt(4) > 0 ? ports(random) : null,
                protocol.isIcmp() && random.nextBoolean()
                        ? new IcmpType(random.nextInt(256), random.nextBoolean() ? random.nextInt(256) : null)
                        : null,
                remote,
                List.of("", "from the office", "a \"quoted\" one", "a, b; c", "=1+1", "'tis", "ünïcødé ✓")
                        .get(random.nextInt(7)),
                random.nextInt(5) > 0,
                random.nextBoolean(),
                random.nextInt(4) == 0 ? Instant.ofEpochSecond(1_800_000_000L + random.nextInt(1_000_000)) : null);
    }

    /** Never the whole range, which is written as no range. */
    private static PortRange ports(Random random) {
        int min = 1 + random.nextInt(65535);
        return random.nextBoolean() ? PortRange.of(min) : new PortRange(min, min + random.nextInt(65536 - min));
    }

    private static Remote remote(Random random, EtherType family) {
        switch (random.nextInt(4)) {
            case 0:
                return Remote.ANY;
            case 1:
                return new Remote.Group(random.nextBoolean() ? WEB : DB);
            case 2:
                return new Remote.Addresses(OFFICE);
            default:
                Cidr cidr = cidr(random);
                return family == EtherType.ANY || cidr.family() == family ? new Remote.Prefix(cidr) : Remote.ANY;
        }
    }

    static Rule rule(Random random) {
        return new Rule(new RuleId(new UUID(random.nextLong(), random.nextLong())), spec(random));
    }

    static RuleSet set(Random random, int size) {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            rules.add(rule(random));
        }
        return new RuleSet(Action.ALLOW, rules);
    }

    /** Somebody's edits: some rules added, removed, changed, moved. */
    static RuleSet edited(Random random, RuleSet set) {
        List<Rule> rules = new ArrayList<>(set.rules());
        for (int edits = random.nextInt(6); edits > 0; edits--) {
            switch (random.nextInt(4)) {
                case 0 -> rules.add(random.nextInt(rules.size() + 1), rule(random));
                case 1 -> {
                    if (!rules.isEmpty()) {
                        rules.remove(random.nextInt(rules.size()));
                    }
                }
                case 2 -> {
                    if (!rules.isEmpty()) {
                        int place = random.nextInt(rules.size());
                        rules.set(place, rules.get(place).with(spec(random)));
                    }
                }
                default -> {
                    if (rules.size() > 1) {
                        Collections.swap(rules, random.nextInt(rules.size()), random.nextInt(rules.size()));
                    }
                }
            }
        }
        return new RuleSet(random.nextInt(5) == 0 ? Action.DROP : set.egressDefault(), rules);
    }
}
