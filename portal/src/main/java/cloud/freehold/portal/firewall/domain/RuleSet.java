package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.RuleId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * All rules of a group in their order, and what happens to egress that none matches (ingress is dropped then). A value:
 * each change gives another set.
 */
public record RuleSet(Action egressDefault, List<Rule> rules) {

    public RuleSet {
        rules = List.copyOf(rules);
        Set<RuleId> seen = new HashSet<>();
        for (Rule rule : rules) {
            if (!seen.add(rule.id())) {
                throw new IllegalArgumentException("Rule " + rule.id() + " is listed twice");
            }
        }
    }

    public List<Rule> in(Direction direction) {
        return rules.stream()
                .filter(rule -> rule.spec().direction() == direction)
                .toList();
    }

    public Optional<Rule> find(RuleId id) {
        return rules.stream().filter(rule -> rule.id().equals(id)).findFirst();
    }

    public RuleSet withEgressDefault(Action action) {
        return new RuleSet(action, rules);
    }

    public RuleSet plus(List<Rule> added) {
        List<Rule> all = new ArrayList<>(rules);
        all.addAll(added);
        return new RuleSet(egressDefault, all);
    }

    public RuleSet plusAfter(RuleId place, List<Rule> added) {
        List<Rule> all = new ArrayList<>(rules);
        all.addAll(indexOf(place) + 1, added);
        return new RuleSet(egressDefault, all);
    }

    public RuleSet without(Set<RuleId> ids) {
        return new RuleSet(
                egressDefault,
                rules.stream().filter(rule -> !ids.contains(rule.id())).toList());
    }

    public RuleSet mapped(Set<RuleId> ids, UnaryOperator<RuleSpec> change) {
        return new RuleSet(
                egressDefault,
                rules.stream()
                        .map(rule -> ids.contains(rule.id()) ? rule.with(change.apply(rule.spec())) : rule)
                        .toList());
    }

    /** One place up or down among the rules of the same direction; unchanged at either end. */
    public RuleSet moved(RuleId id, int steps) {
        int from = indexOf(id);
        if (from < 0) {
            return this;
        }
        Rule rule = rules.get(from);
        int to = from;
        for (int left = Math.abs(steps); left > 0; left--) {
            int next = neighbour(to, Integer.signum(steps), rule.spec().direction());
            if (next < 0) {
                break;
            }
            to = next;
        }
        List<Rule> all = new ArrayList<>(rules);
        all.remove(from);
        all.add(to, rule);
        return new RuleSet(egressDefault, all);
    }

    private int neighbour(int from, int step, Direction direction) {
        for (int i = from + step; i >= 0 && i < rules.size(); i += step) {
            if (rules.get(i).spec().direction() == direction) {
                return i;
            }
        }
        return -1;
    }

    private int indexOf(RuleId id) {
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).id().equals(id)) {
                return i;
            }
        }
        return -1;
    }
}
