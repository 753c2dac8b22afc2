package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Consequence;
import cloud.freehold.portal.firewall.domain.Consequence.Weight;
import cloud.freehold.portal.firewall.domain.Consequences;
import cloud.freehold.portal.firewall.domain.Direction;
import cloud.freehold.portal.firewall.domain.Draft;
import cloud.freehold.portal.firewall.domain.Drafts;
import cloud.freehold.portal.firewall.domain.GroupNames;
import cloud.freehold.portal.firewall.domain.RemoteNames;
import cloud.freehold.portal.firewall.domain.Revision;
import cloud.freehold.portal.firewall.domain.RuleSet;
import cloud.freehold.portal.firewall.domain.RuleSetDiff;
import cloud.freehold.portal.firewall.domain.RuleSets;
import cloud.freehold.portal.firewall.domain.SecurityGroup;
import cloud.freehold.portal.firewall.domain.SecurityGroups;
import cloud.freehold.portal.tenancy.TenantScope;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Gathers what a group's page shows, in one transaction and a fixed number of queries. */
@Component
class GroupViews {

    private final SecurityGroups groups;
    private final RuleSets ruleSets;
    private final Drafts drafts;
    private final GroupNames names;
    private final RuleTables tables;
    private final Clock clock;

    GroupViews(
            SecurityGroups groups, RuleSets ruleSets, Drafts drafts, GroupNames names, RuleTables tables, Clock clock) {
        this.groups = groups;
        this.ruleSets = ruleSets;
        this.drafts = drafts;
        this.names = names;
        this.tables = tables;
        this.clock = clock;
    }

    @Transactional(readOnly = true)
    public GroupView of(TenantScope scope, SecurityGroupId id, ViewState state, @Nullable OpenEditor editor) {
        SecurityGroup group = groups.get(scope.tenantId(), id);
        RemoteNames known = names.of(scope.tenantId());
        Draft draft = drafts.find(scope.tenantId(), scope.userId(), id).orElse(null);
        long from = draft == null ? group.version() : draft.base();
        boolean stale = from != group.version();
        List<Revision> meanwhile = stale ? ruleSets.since(scope.tenantId(), id, from) : List.of();
        RuleSet base = stale ? ruleSets.at(scope.tenantId(), id, from) : ruleSets.current(scope.tenantId(), group);
        RuleSet shown = draft == null ? base : draft.target();
        RuleSetDiff diff = RuleSetDiff.between(base, shown);
        RuleTable ingress = tables.table(scope, id, diff, Direction.INGRESS, known, state, editor);
        RuleTable egress = tables.table(scope, id, diff, Direction.EGRESS, known, state, editor);
        return new GroupView(
                group,
                shown,
                ingress,
                egress,
                editor,
                draft == null ? null : bar(group, draft, diff, known, stale),
                meanwhile,
                known.choices(),
                state.showing(ingress.page(), egress.page()),
                group.isOverdue(clock.instant()));
    }

    private ChangeBar bar(SecurityGroup group, Draft draft, RuleSetDiff diff, RemoteNames known, boolean stale) {
        Instant now = clock.instant();
        List<Consequence> consequences = new Consequences(now)
                .of(diff).stream()
                        .sorted(Comparator.comparing(Consequence::weight).reversed())
                        .toList();
        String blocked = stale
                ? "Somebody applied other changes meanwhile; put yours on top first."
                : group.awaitsConfirmation()
                        ? "Version " + group.version() + " waits for confirmation; confirm or revert it first."
                        : null;
        String count = diff.count() == 1 ? "1 change: " : diff.count() + " changes: ";
        return new ChangeBar(
                count + diff.shorthand(),
                draft.stamp(),
                consequences,
                headline(consequences),
                blocked,
                DiffLine.of(diff, known));
    }

    private static @Nullable String headline(List<Consequence> consequences) {
        List<Consequence> weighty =
                consequences.stream().filter(c -> c.weight() != Weight.NOTE).toList();
        if (weighty.isEmpty()) {
            return null;
        }
        String first = weighty.get(0).text();
        return weighty.size() == 1 ? first : first + ", and " + (weighty.size() - 1) + " more";
    }

    /** The rule as the draft has it, for opening the editor. */
    @Transactional(readOnly = true)
    public RuleSet shown(TenantScope scope, SecurityGroupId id) {
        SecurityGroup group = groups.get(scope.tenantId(), id);
        return drafts.find(scope.tenantId(), scope.userId(), id)
                .map(Draft::target)
                .orElseGet(() -> ruleSets.current(scope.tenantId(), group));
    }
}
