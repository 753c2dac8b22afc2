package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Each member's own unapplied edits, one set a group. Edits name rules by id, so two tabs can work on one draft. */
@Component
public class Drafts {

    private final JdbcClient jdbc;
    private final SecurityGroupRows groups;
    private final RuleSets ruleSets;
    private final Clock clock;

    Drafts(JdbcClient jdbc, SecurityGroupRows groups, RuleSets ruleSets, Clock clock) {
        this.jdbc = jdbc;
        this.groups = groups;
        this.ruleSets = ruleSets;
        this.clock = clock;
    }

    @Transactional(readOnly = true)
    public Optional<Draft> find(TenantId tenant, UserId user, SecurityGroupId group) {
        return jdbc.sql("SELECT base_version, egress_default, rules::text AS rules, updated_at FROM rule_draft"
                        + " WHERE tenant_id = ? AND account_id = ? AND group_id = ?")
                .params(tenant.value(), user.value(), group.value())
                .query((row, number) -> new Draft(
                        row.getLong("base_version"),
                        new RuleSet(
                                Action.valueOf(row.getString("egress_default")),
                                RuleSetJson.read(row.getString("rules"))),
                        Times.required(row, "updated_at")))
                .optional();
    }

    /** Edits the draft, or the group's present rules when there is none. A draft that changes nothing is none. */
    @Transactional
    public void edit(TenantId tenant, UserId user, SecurityGroupId id, UnaryOperator<RuleSet> change) {
        SecurityGroup group = groups.lock(tenant, id).orElseThrow(SecurityGroups::notFound);
        Optional<Draft> draft = find(tenant, user, id);
        long base = draft.map(Draft::base).orElse(group.version());
        RuleSet before = base == group.version() ? ruleSets.current(tenant, group) : ruleSets.at(tenant, id, base);
        RuleSet target = change.apply(draft.map(Draft::target).orElse(before));
        if (RuleSetDiff.between(before, target).isEmpty()) {
            delete(tenant, user, id);
        } else {
            save(tenant, user, id, base, target);
        }
    }

    /** Takes back the edits of one rule: an added one goes, a removed one returns to its place, a changed one is as before. */
    @Transactional
    public void undo(TenantId tenant, UserId user, SecurityGroupId id, RuleId rule) {
        RuleSet base = base(tenant, user, id);
        edit(
                tenant,
                user,
                id,
                target -> base.find(rule)
                        .map(old -> restored(base, target, old))
                        .orElseGet(() -> target.without(Set.of(rule))));
    }

    private static RuleSet restored(RuleSet base, RuleSet target, Rule old) {
        if (target.find(old.id()).isPresent()) {
            return target.mapped(Set.of(old.id()), spec -> old.spec());
        }
        RuleId before = null;
        for (Rule rule : base.rules()) {
            if (rule.id().equals(old.id())) {
                break;
            }
            before = target.find(rule.id()).isPresent() ? rule.id() : before;
        }
        return before == null
                ? new RuleSet(target.egressDefault(), List.of(old)).plus(target.rules())
                : target.plusAfter(before, List.of(old));
    }

    private RuleSet base(TenantId tenant, UserId user, SecurityGroupId id) {
        SecurityGroup group = groups.find(tenant, id).orElseThrow(SecurityGroups::notFound);
        long base = find(tenant, user, id).map(Draft::base).orElse(group.version());
        return base == group.version() ? ruleSets.current(tenant, group) : ruleSets.at(tenant, id, base);
    }

    /**
     * Applies the draft and ends it.
     *
     * @param seen the draft as it was shown; when it was edited in another tab since, nothing is applied
     */
    @Transactional
    public Applied apply(
            TenantId tenant,
            Actor actor,
            UserId user,
            SecurityGroupId id,
            String seen,
            @Nullable Duration confirmWithin) {
        SecurityGroup group = groups.lock(tenant, id).orElseThrow(SecurityGroups::notFound);
        Draft draft = find(tenant, user, id)
                .orElseThrow(() -> new ConflictException(
                        "draft.none",
                        "There is nothing to apply in " + group.name()
                                + ": the changes were applied or discarded already, perhaps in another tab."));
        if (!draft.stamp().equals(seen)) {
            throw new ConflictException(
                    "draft.changed",
                    "Your changes were edited in another tab since this page was loaded,"
                            + " so nothing was applied. Look at them again, then apply.");
        }
        Applied applied = ruleSets.apply(tenant, actor, id, draft.base(), draft.target(), confirmWithin, null);
        delete(tenant, user, id);
        return applied;
    }

    /** Puts the draft on top of the group's present version. */
    @Transactional
    public Optional<RuleSetMerge> rebase(TenantId tenant, UserId user, SecurityGroupId id) {
        SecurityGroup group = groups.lock(tenant, id).orElseThrow(SecurityGroups::notFound);
        Optional<Draft> draft = find(tenant, user, id);
        return draft.map(mine -> {
            RuleSet theirs = ruleSets.current(tenant, group);
            RuleSetMerge merge = RuleSetMerge.of(ruleSets.at(tenant, id, mine.base()), theirs, mine.target());
            if (RuleSetDiff.between(theirs, merge.merged()).isEmpty()) {
                delete(tenant, user, id);
            } else {
                save(tenant, user, id, group.version(), merge.merged());
            }
            return merge;
        });
    }

    @Transactional
    public void discard(TenantId tenant, UserId user, SecurityGroupId group) {
        if (groups.find(tenant, group).isEmpty()) {
            throw SecurityGroups.notFound();
        }
        delete(tenant, user, group);
    }

    private void delete(TenantId tenant, UserId user, SecurityGroupId group) {
        jdbc.sql("DELETE FROM rule_draft WHERE tenant_id = ? AND account_id = ? AND group_id = ?")
                .params(tenant.value(), user.value(), group.value())
                .update();
    }

    private void save(TenantId tenant, UserId user, SecurityGroupId group, long base, RuleSet target) {
        jdbc.sql(
                        "INSERT INTO rule_draft (tenant_id, account_id, group_id, base_version, egress_default, rules, updated_at)"
                                + " VALUES (?, ?, ?, ?, ?, cast(? AS jsonb), ?) ON CONFLICT (account_id, group_id) DO UPDATE SET"
                                + " base_version = excluded.base_version, egress_default = excluded.egress_default,"
                                + " rules = excluded.rules, updated_at = excluded.updated_at")
                .params(
                        tenant.value(),
                        user.value(),
                        group.value(),
                        base,
                        target.egressDefault().name(),
                        RuleSetJson.write(target.rules()),
                        Times.sql(clock.instant()))
                .update();
    }
}
