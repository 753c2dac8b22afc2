package cloud.freehold.portal.firewall.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import cloud.freehold.api.desired.DesiredRule;
import cloud.freehold.api.desired.DesiredSecurityGroup;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.Question;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.hostlink.HostQuestions;
import cloud.freehold.portal.hostlink.Reply;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Asks the hosts how many live connections a member's draft would cut: their dataplanes compile the rules as they would
 * become and hold every connection against them. Not for use in a transaction: it waits for the hosts.
 */
@Component
public class CutPreview {

    private final HostQuestions hosts;
    private final SecurityGroups groups;
    private final RuleSets ruleSets;
    private final Drafts drafts;
    private final JdbcClient jdbc;
    private final TenantTransaction transactions;
    private final Clock clock;

    CutPreview(
            HostQuestions hosts,
            SecurityGroups groups,
            RuleSets ruleSets,
            Drafts drafts,
            JdbcClient jdbc,
            TenantTransaction transactions,
            Clock clock) {
        this.hosts = hosts;
        this.groups = groups;
        this.ruleSets = ruleSets;
        this.drafts = drafts;
        this.jdbc = jdbc;
        this.transactions = transactions;
        this.clock = clock;
    }

    /** Empty without a draft. */
    public Optional<LiveCuts> ofDraft(TenantId tenant, UserId user, SecurityGroupId id) {
        Optional<Optional<Question.PreviewGroup>> question = transactions.read(
                tenant, () -> drafts.find(tenant, user, id).map(draft -> question(tenant, id, draft)));
        return question.map(
                asked -> asked.map(preview -> ask(tenant, id, preview)).orElse(LiveCuts.NONE));
    }

    private LiveCuts ask(TenantId tenant, SecurityGroupId id, Question.PreviewGroup preview) {
        List<Reply<Finding.Cuts>> replies = hosts.ofHostsWith(tenant, ObjectKind.SECURITY_GROUP, id.value(), preview);
        List<Finding.Cuts> found =
                replies.stream().flatMap(reply -> reply.found().stream()).toList();
        String trouble = replies.stream()
                .map(Reply::trouble)
                .filter(words -> !words.isEmpty())
                .findFirst()
                .orElse("");
        return new LiveCuts(
                found.stream()
                        .mapToLong(cuts -> Math.max(0, cuts.connections()))
                        .sum(),
                replies.size(),
                found.size(),
                trouble);
    }

    /** Empty: such a change cuts nothing, whatever is connected. */
    private Optional<Question.PreviewGroup> question(TenantId tenant, SecurityGroupId id, Draft draft) {
        SecurityGroup group = groups.get(tenant, id);
        RuleSet present = ruleSets.current(tenant, group);
        RuleSet target = draft.target();
        if (!mayCut(RuleSetDiff.between(present, target))) {
            return Optional.empty();
        }
        Instant now = clock.instant();
        Set<SetRef> known = references(present);
        return Optional.of(new Question.PreviewGroup(
                new DesiredSecurityGroup(
                        id.value(),
                        group.version() + 1,
                        tenant.value(),
                        group.version() + 1,
                        target.egressDefault() == Action.DROP
                                ? DesiredSecurityGroup.EgressDefault.DROP
                                : DesiredSecurityGroup.EgressDefault.ALLOW,
                        target.rules().stream()
                                .filter(rule -> rule.spec().isEffective(now))
                                .map(CutPreview::desired)
                                .toList()),
                references(target).stream()
                        .filter(ref -> !known.contains(ref))
                        .map(ref -> members(tenant, ref))
                        .toList()));
    }

    /** Rules that only allow more leave alone what is connected. */
    private static boolean mayCut(RuleSetDiff diff) {
        return !diff.removed().isEmpty()
                || !diff.changed().isEmpty()
                || diff.added().stream().anyMatch(rule -> rule.spec().action() == Action.DROP)
                || diff.changesEgressDefault() && diff.after().egressDefault() == Action.DROP;
    }

    private static Set<SetRef> references(RuleSet rules) {
        return rules.rules().stream()
                .flatMap(rule -> set(rule.spec().remote()).stream())
                .collect(Collectors.toSet());
    }

    private static DesiredRule desired(Rule rule) {
        RuleSpec spec = rule.spec();
        return new DesiredRule(
                rule.id().value(),
                DesiredRule.Direction.valueOf(spec.direction().name()),
                DesiredRule.EtherType.valueOf(spec.etherType().name()),
                spec.protocol().number(),
                spec.ports() == null ? null : spec.ports().min(),
                spec.ports() == null ? null : spec.ports().max(),
                spec.icmp() == null ? null : spec.icmp().type(),
                spec.icmp() == null ? null : spec.icmp().code(),
                spec.remote() instanceof Remote.Prefix prefix ? prefix.cidr().toString() : null,
                set(spec.remote()).orElse(null),
                DesiredRule.Action.valueOf(spec.action().name()),
                spec.log(),
                null,
                spec.expiresAt());
    }

    private static Optional<SetRef> set(Remote remote) {
        if (remote instanceof Remote.Group group) {
            return Optional.of(new SetRef(ObjectKind.GROUP_MEMBERS, group.id().value()));
        }
        return remote instanceof Remote.Addresses addresses
                ? Optional.of(
                        new SetRef(ObjectKind.ADDRESS_GROUP, addresses.id().value()))
                : Optional.empty();
    }

    private DesiredAddressSet members(TenantId tenant, SetRef ref) {
        String sql = ref.kind() == ObjectKind.GROUP_MEMBERS
                ? "SELECT DISTINCT host(a.ip) FROM nic_security_group s JOIN address a ON a.nic_id = s.nic_id"
                        + " WHERE s.tenant_id = ? AND s.group_id = ?"
                : "SELECT prefix::text FROM address_group_entry WHERE tenant_id = ? AND group_id = ?";
        List<String> members = jdbc.sql(sql)
                .params(tenant.value(), ref.id())
                .query(String.class)
                .list();
        return new DesiredAddressSet(ref, 1, tenant.value(), true, 0, members, List.of());
    }
}
