package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.RuleId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts somebody's changes on top of what others applied meanwhile: a three-way merge by rule ids. Where both touched the
 * same rule, mine wins and the clash is named, so that one looks before applying.
 *
 * @param clashes rules that both sides changed, as the others left them (null: removed) and as I want them
 */
public record RuleSetMerge(RuleSet merged, List<Clash> clashes, boolean egressDefaultClash) {

    public record Clash(
            RuleId id, @Nullable Rule theirs, @Nullable Rule mine) {}

    public static RuleSetMerge of(RuleSet base, RuleSet theirs, RuleSet mine) {
        Map<RuleId, Rule> was = index(base);
        Map<RuleId, Rule> now = index(theirs);
        Map<RuleId, Rule> wanted = index(mine);
        List<Clash> clashes = new ArrayList<>();
        Map<RuleId, Rule> result = new LinkedHashMap<>();
        for (RuleId id : mergedOrder(base, theirs, mine)) {
            Rule old = was.get(id);
            Rule their = now.get(id);
            Rule my = wanted.get(id);
            boolean iChanged = !Objects.equals(old, my);
            boolean theyChanged = !Objects.equals(old, their);
            if (iChanged && theyChanged && !Objects.equals(their, my)) {
                clashes.add(new Clash(id, their, my));
            }
            Rule chosen = iChanged ? my : their;
            if (chosen != null) {
                result.put(id, chosen);
            }
        }
        boolean iSetDefault = base.egressDefault() != mine.egressDefault();
        boolean clash = iSetDefault
                && base.egressDefault() != theirs.egressDefault()
                && theirs.egressDefault() != mine.egressDefault();
        Action egress = iSetDefault ? mine.egressDefault() : theirs.egressDefault();
        return new RuleSetMerge(new RuleSet(egress, List.copyOf(result.values())), clashes, clash);
    }

    /**
     * The others' order; what I moved or added goes behind the rule that precedes it in mine (to the front when none
     * does).
     */
    private static List<RuleId> mergedOrder(RuleSet base, RuleSet theirs, RuleSet mine) {
        Set<RuleId> replaced = new HashSet<>();
        RuleSetDiff own = RuleSetDiff.between(base, mine);
        own.moved().forEach(rule -> replaced.add(rule.id()));
        own.added().forEach(rule -> replaced.add(rule.id()));
        List<RuleId> order = new ArrayList<>();
        theirs.rules().stream()
                .map(Rule::id)
                .filter(id -> !replaced.contains(id))
                .forEach(order::add);
        Set<RuleId> placed = new HashSet<>(order);
        RuleId before = null;
        for (Rule rule : mine.rules()) {
            if (placed.add(rule.id())) {
                order.add(before == null ? 0 : order.indexOf(before) + 1, rule.id());
            }
            before = rule.id();
        }
        return order;
    }

    private static Map<RuleId, Rule> index(RuleSet set) {
        Map<RuleId, Rule> index = new HashMap<>();
        set.rules().forEach(rule -> index.put(rule.id(), rule));
        return index;
    }
}
