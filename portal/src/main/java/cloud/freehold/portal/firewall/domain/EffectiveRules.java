package cloud.freehold.portal.firewall.domain;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one NIC obeys: the union of its groups in the order in which the dataplane decides. Drop rules first, because a
 * drop wins; then allow rules; then the defaults. Of rules of one action the one that comes first counts the hit.
 *
 * @param egressDefault drop when any group says so
 * @param strictBy the group that makes egress strict; null when none does
 */
public record EffectiveRules(
        List<Entry> ingress,
        List<Entry> egress,
        Action egressDefault,
        @Nullable SecurityGroup strictBy) {

    /** A rule and the group that it comes from. */
    public record Entry(SecurityGroup group, Rule rule) {}

    /** A group as attached, with its rules. */
    public record Source(SecurityGroup group, RuleSet rules) {}

    public static EffectiveRules of(List<Source> sources, Instant now) {
        SecurityGroup strict = sources.stream()
                .filter(source -> source.rules().egressDefault() == Action.DROP)
                .map(Source::group)
                .findFirst()
                .orElse(null);
        return new EffectiveRules(
                entries(sources, Direction.INGRESS, now),
                entries(sources, Direction.EGRESS, now),
                strict == null ? Action.ALLOW : Action.DROP,
                strict);
    }

    private static List<Entry> entries(List<Source> sources, Direction direction, Instant now) {
        List<Entry> entries = new ArrayList<>();
        for (Source source : sources) {
            source.rules().in(direction).stream()
                    .filter(rule -> rule.spec().isEffective(now))
                    .forEach(rule -> entries.add(new Entry(source.group(), rule)));
        }
        // Stable: within one action the order of groups and rules stays.
        entries.sort(Comparator.comparing(entry -> entry.rule().spec().action() == Action.DROP ? 0 : 1));
        return entries;
    }
}
