package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.RuleId;

/** A rule in a set; its place is its index in the set's list. */
public record Rule(RuleId id, RuleSpec spec) {

    public Rule with(RuleSpec changed) {
        return new Rule(id, changed);
    }
}
