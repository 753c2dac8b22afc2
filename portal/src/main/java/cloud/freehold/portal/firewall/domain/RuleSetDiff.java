package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.RuleId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * How one rule set differs from another. Rules are the same by their id; of rules that only changed places, as few as
 * possible count as moved.
 */
public record RuleSetDiff(
        RuleSet before, RuleSet after, List<Rule> added, List<Rule> removed, List<Change> changed, List<Rule> moved) {

    /** The same rule before and after. */
    public record Change(Rule before, Rule after) {}

    public static RuleSetDiff between(RuleSet before, RuleSet after) {
        Map<RuleId, Rule> old = new HashMap<>();
        before.rules().forEach(rule -> old.put(rule.id(), rule));
        Map<RuleId, Integer> oldPlaces = new HashMap<>();
        for (int i = 0; i < before.rules().size(); i++) {
            oldPlaces.put(before.rules().get(i).id(), i);
        }
        List<Rule> added = new ArrayList<>();
        List<Change> changed = new ArrayList<>();
        List<Rule> kept = new ArrayList<>();
        for (Rule rule : after.rules()) {
            Rule was = old.remove(rule.id());
            if (was == null) {
                added.add(rule);
            } else {
                kept.add(rule);
                if (!was.spec().equals(rule.spec())) {
                    changed.add(new Change(was, rule));
                }
            }
        }
        List<Rule> removed = before.rules().stream()
                .filter(rule -> old.containsKey(rule.id()))
                .toList();
        int[] places = kept.stream()
                .mapToInt(rule -> Objects.requireNonNull(oldPlaces.get(rule.id())))
                .toArray();
        boolean[] inOrder = Positions.longestIncreasing(places);
        List<Rule> moved = new ArrayList<>();
        for (int i = 0; i < kept.size(); i++) {
            if (!inOrder[i]) {
                moved.add(kept.get(i));
            }
        }
        return new RuleSetDiff(before, after, added, removed, changed, moved);
    }

    public boolean changesEgressDefault() {
        return before.egressDefault() != after.egressDefault();
    }

    public boolean isEmpty() {
        return count() == 0;
    }

    /** A rule that is both changed and moved counts once. */
    public int count() {
        long movedOnly = moved.stream()
                .filter(rule ->
                        changed.stream().noneMatch(change -> change.after().id().equals(rule.id())))
                .count();
        return added.size() + removed.size() + changed.size() + (int) movedOnly + (changesEgressDefault() ? 1 : 0);
    }

    /** Whether the sets of addresses that the rules refer to are others than before. */
    public boolean changesReferences() {
        return !references(before).equals(references(after));
    }

    private static Set<Remote> references(RuleSet set) {
        Set<Remote> references = new HashSet<>();
        for (Rule rule : set.rules()) {
            Remote remote = rule.spec().remote();
            if (remote instanceof Remote.Group || remote instanceof Remote.Addresses) {
                references.add(remote);
            }
        }
        return references;
    }

    /** {@code +1 −1 ~2 ↕1}, and {@code default} when the egress default is another. */
    public String shorthand() {
        List<String> parts = new ArrayList<>();
        append(parts, "+", added.size());
        append(parts, "−", removed.size());
        append(parts, "~", changed.size());
        append(parts, "↕", moved.size());
        if (changesEgressDefault()) {
            parts.add("egress default");
        }
        return String.join(" ", parts);
    }

    private static void append(List<String> parts, String sign, int count) {
        if (count > 0) {
            parts.add(sign + count);
        }
    }
}
