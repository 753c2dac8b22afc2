package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.desired.DesiredRule;
import cloud.freehold.api.desired.DesiredSecurityGroup.EgressDefault;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Commit-confirm in terms that a host can carry out alone: each rule gets the time in which it counts. Until the deadline
 * the new version counts, from then on the one before; what both have, unchanged, counts all along.
 *
 * <p>The egress default has no time of its own. Where the two versions differ, the host is told the stricter one (drop),
 * and the time in which egress is allowed is a rule that allows all egress. That rule must not speak for other groups: a
 * NIC that also has a group with default drop stays strict. So it is left out when such a NIC exists, and then egress is
 * strict until the change is confirmed or the portal has taken it back.
 */
record RuleWindows(EgressDefault egressDefault, List<DesiredRule> rules) {

    /** A version of a group: what it allows and what happens to egress that no rule matches. */
    record Version(EgressDefault egressDefault, List<StoredRule> rules) {}

    static RuleWindows settled(Version version, Instant now) {
        List<DesiredRule> rules = new ArrayList<>(version.rules().size());
        version.rules().forEach(rule -> add(rules, rule.desired(null, null), now));
        return new RuleWindows(version.egressDefault(), rules);
    }

    /** @param shared a NIC of the group has another group whose egress default is drop */
    static RuleWindows unconfirmed(
            UUID groupId, Version current, Version fallback, Instant deadline, boolean shared, Instant now) {
        Set<StoredRule> before = new HashSet<>(fallback.rules());
        Set<StoredRule> after = new HashSet<>(current.rules());
        List<DesiredRule> rules = new ArrayList<>();
        for (StoredRule rule : current.rules()) {
            add(rules, rule.desired(null, before.contains(rule) ? null : deadline), now);
        }
        for (StoredRule rule : fallback.rules()) {
            if (!after.contains(rule)) {
                add(rules, rule.desired(deadline, null), now);
            }
        }
        if (current.egressDefault() == fallback.egressDefault()) {
            return new RuleWindows(current.egressDefault(), rules);
        }
        if (!shared) {
            boolean allowedNow = current.egressDefault() == EgressDefault.ALLOW;
            add(rules, anyEgress(groupId, allowedNow ? null : deadline, allowedNow ? deadline : null), now);
        }
        return new RuleWindows(EgressDefault.DROP, rules);
    }

    /** What can never count again is not worth telling; a beginning in the past is none. */
    private static void add(List<DesiredRule> rules, DesiredRule rule, Instant now) {
        if (rule.validUntil() == null || rule.validUntil().isAfter(now)) {
            rules.add(rule);
        }
    }

    private static DesiredRule anyEgress(UUID groupId, @Nullable Instant from, @Nullable Instant until) {
        UUID id = UUID.nameUUIDFromBytes(("egress default of " + groupId).getBytes(StandardCharsets.UTF_8));
        return new DesiredRule(
                id,
                DesiredRule.Direction.EGRESS,
                DesiredRule.EtherType.ANY,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                DesiredRule.Action.ALLOW,
                false,
                from,
                until);
    }
}
