package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.firewall.RuleId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Puts a file's rules into a set. A line whose id the set has changes that rule; an id of elsewhere means nothing here,
 * so such a line becomes a new rule.
 *
 * @param replace the set becomes the file, in the file's order; else the file's new rules come behind the present ones
 */
public record RuleImport(List<RuleFile.Parsed> rules, boolean replace, Uuid7 ids) {

    public RuleSet into(RuleSet present) {
        Set<RuleId> known = present.rules().stream().map(Rule::id).collect(Collectors.toSet());
        List<Rule> fileOrder = new ArrayList<>();
        Map<RuleId, Rule> updates = new LinkedHashMap<>();
        List<Rule> added = new ArrayList<>();
        for (RuleFile.Parsed parsed : rules) {
            RuleId said = parsed.id();
            Rule rule = said != null && known.contains(said)
                    ? new Rule(said, parsed.spec())
                    : new Rule(new RuleId(ids.next()), parsed.spec());
            fileOrder.add(rule);
            if (rule.id().equals(said)) {
                updates.put(rule.id(), rule);
            } else {
                added.add(rule);
            }
        }
        if (replace) {
            return new RuleSet(present.egressDefault(), fileOrder);
        }
        List<Rule> result = new ArrayList<>();
        present.rules().forEach(rule -> result.add(updates.getOrDefault(rule.id(), rule)));
        result.addAll(added);
        return new RuleSet(present.egressDefault(), result);
    }
}
