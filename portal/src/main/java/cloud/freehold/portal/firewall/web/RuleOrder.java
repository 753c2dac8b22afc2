package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.domain.Hits;
import cloud.freehold.portal.firewall.domain.PortRange;
import cloud.freehold.portal.firewall.domain.Remote;
import cloud.freehold.portal.firewall.domain.RemoteNames;
import cloud.freehold.portal.firewall.domain.Rule;
import cloud.freehold.portal.firewall.domain.RuleSpec;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Compares rules by a column, the way a reader expects: ports as numbers, addresses by value, blanks last. */
final class RuleOrder {

    private RuleOrder() {}

    /** @param hits of all rules that are compared; those without are unused */
    static Comparator<Rule> by(SortOrder order, RemoteNames names, Map<RuleId, Hits.Count> hits) {
        Comparator<Rule> upwards = switch (order.column()) {
            case ACTION -> bySpec(Comparator.comparing(spec -> spec.action().word()));
            case SERVICE -> bySpec(service());
            case REMOTE -> bySpec(remote(names));
            case DESCRIPTION -> bySpec(Comparator.comparing(RuleSpec::description, String.CASE_INSENSITIVE_ORDER));
            case EXPIRES -> bySpec(Comparator.comparing(RuleOrder::expiry));
            case HITS -> Comparator.comparingLong(rule -> connections(rule, hits));
        };
        Comparator<Rule> wanted = order.descending() ? upwards.reversed() : upwards;
        return Comparator.comparing((Rule rule) -> isBlank(order.column(), rule.spec()))
                .thenComparing(wanted);
    }

    private static Comparator<Rule> bySpec(Comparator<RuleSpec> comparator) {
        return Comparator.comparing(Rule::spec, comparator);
    }

    private static boolean isBlank(SortOrder.Column column, RuleSpec spec) {
        return switch (column) {
            case DESCRIPTION -> spec.description().isEmpty();
            case EXPIRES -> spec.expiresAt() == null;
            default -> false;
        };
    }

    private static Comparator<RuleSpec> service() {
        return Comparator.comparing((RuleSpec spec) -> spec.protocol().display())
                .thenComparing(RuleSpec::ports, Comparator.nullsFirst(Comparator.comparingInt(PortRange::min)));
    }

    private static Comparator<RuleSpec> remote(RemoteNames names) {
        return Comparator.comparingInt((RuleSpec spec) -> kind(spec.remote())).thenComparing((one, other) -> {
            if (one.remote() instanceof Remote.Prefix first && other.remote() instanceof Remote.Prefix second) {
                return first.cidr().compareTo(second.cidr());
            }
            return String.CASE_INSENSITIVE_ORDER.compare(names.nameOf(one.remote()), names.nameOf(other.remote()));
        });
    }

    private static int kind(Remote remote) {
        return remote.isEverybody() ? 0 : remote instanceof Remote.Prefix ? 3 : remote instanceof Remote.Group ? 1 : 2;
    }

    private static Instant expiry(RuleSpec spec) {
        @Nullable Instant at = spec.expiresAt();
        return at == null ? Instant.MAX : at;
    }

    private static long connections(Rule rule, Map<RuleId, Hits.Count> hits) {
        return hits.getOrDefault(rule.id(), Hits.Count.NONE).connections();
    }
}
