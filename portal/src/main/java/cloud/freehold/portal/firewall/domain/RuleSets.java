package cloud.freehold.portal.firewall.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Quotas.Limit;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * The versions of groups' rule sets. A change set is applied as a whole or not at all, against the version that it was
 * made from; with a deadline it goes back by itself unless it is confirmed.
 */
@Component
public class RuleSets {

    public static final Duration LONGEST_CONFIRMATION = Duration.ofHours(1);

    private final SecurityGroupRows groups;
    private final RuleRows rules;
    private final RevisionRows revisions;
    private final GroupNames names;
    private final Quotas quotas;
    private final HostChanges hosts;
    private final LiveEvents live;
    private final AuditTrail audit;
    private final Clock clock;

    RuleSets(
            SecurityGroupRows groups,
            RuleRows rules,
            RevisionRows revisions,
            GroupNames names,
            Quotas quotas,
            HostChanges hosts,
            LiveEvents live,
            AuditTrail audit,
            Clock clock) {
        this.groups = groups;
        this.rules = rules;
        this.revisions = revisions;
        this.names = names;
        this.quotas = quotas;
        this.hosts = hosts;
        this.live = live;
        this.audit = audit;
        this.clock = clock;
    }

    @Transactional(readOnly = true)
    public RuleSet current(TenantId tenant, SecurityGroup group) {
        return new RuleSet(group.egressDefault(), rules.load(tenant, group.id()));
    }

    @Transactional(readOnly = true)
    public RuleSet at(TenantId tenant, SecurityGroupId group, long version) {
        return revisions
                .ruleSet(tenant, group, version)
                .orElseThrow(
                        () -> new NotFoundException("This group has no version " + version + ". Look at its history."));
    }

    /** Newest first. */
    @Transactional(readOnly = true)
    public List<Revision> history(TenantId tenant, SecurityGroupId group, long before, int limit) {
        return revisions.list(tenant, group, before, limit);
    }

    @Transactional(readOnly = true)
    public List<Revision> since(TenantId tenant, SecurityGroupId group, long version) {
        return revisions.since(tenant, group, version);
    }

    /**
     * Makes a set the group's rules.
     *
     * @param base the version that the caller saw; when there is a newer one nothing is changed
     * @param confirmWithin null: for good
     */
    @Transactional
    public Applied apply(
            TenantId tenant,
            Actor actor,
            SecurityGroupId id,
            long base,
            RuleSet target,
            @Nullable Duration confirmWithin,
            @Nullable String reason) {
        SecurityGroup group = lock(tenant, id);
        requireUnchanged(tenant, group, base);
        requireSettled(group);
        RuleSetDiff diff = RuleSetDiff.between(current(tenant, group), target);
        if (diff.isEmpty()) {
            return new Applied(group.version(), diff, false, null);
        }
        Instant until = confirmWithin == null ? null : deadline(confirmWithin);
        Applied applied = store(tenant, actor, group, diff, reason, until);
        record(tenant, actor, group, diff, applied, "ruleset.applied");
        return applied;
    }

    /** The change stays. Too late once the hosts have gone back. */
    @Transactional
    public void confirm(TenantId tenant, Actor actor, SecurityGroupId id, long version) {
        SecurityGroup group = lock(tenant, id);
        if (group.version() != version || !group.awaitsConfirmation()) {
            boolean done = revisions
                    .find(tenant, id, version)
                    .filter(r -> r.confirmedAt() != null)
                    .isPresent();
            if (done) {
                return;
            }
            throw new ConflictException(
                    "ruleset.not-waiting",
                    "Version " + version
                            + " does not wait for confirmation: it was reverted, or applied without a deadline. The page shows what"
                            + " is in force now.");
        }
        if (group.isOverdue(clock.instant())) {
            throw new ConflictException(
                    "ruleset.too-late",
                    "The time to confirm version " + version
                            + " is over and the hosts have gone back to version " + group.fallbackVersion()
                            + ". Apply the change again from the history if you still want it.");
        }
        groups.setConfirmed(tenant, id);
        revisions.confirmed(tenant, id, version, clock.instant());
        tellHosts(id);
        live.publish(tenant, LiveTopic.GROUPS, LiveTopic.NICS);
        audit.record(
                tenant,
                actor,
                AuditEntry.of("ruleset.confirmed", "security-group", id.value(), group.name())
                        .after(Map.of("version", version)));
    }

    /** Takes an unconfirmed change back; the version before it becomes the newest again, with a number of its own. */
    @Transactional
    public Applied revert(TenantId tenant, Actor actor, SecurityGroupId id) {
        SecurityGroup group = lock(tenant, id);
        if (!group.awaitsConfirmation()) {
            throw new ConflictException(
                    "ruleset.not-waiting",
                    "There is no unconfirmed change in " + group.name()
                            + ". To go back to an older version, use the history.");
        }
        return takeBack(tenant, actor, group);
    }

    /** For the job: nothing happens when it was confirmed, reverted, or another portal is at it. */
    @Transactional
    public boolean revertOverdue(TenantId tenant, Actor actor, SecurityGroupId id) {
        return groups.lockOverdue(tenant, id, clock.instant())
                .map(group -> takeBack(tenant, actor, group))
                .isPresent();
    }

    private Applied takeBack(TenantId tenant, Actor actor, SecurityGroup group) {
        long fallback = group.fallbackVersion() == null ? group.version() : group.fallbackVersion();
        RuleSetDiff diff = RuleSetDiff.between(current(tenant, group), at(tenant, group.id(), fallback));
        revisions.reverted(tenant, group.id(), group.version(), clock.instant());
        String reason = "Back to version " + fallback + ": version " + group.version() + " was not confirmed";
        Applied applied = store(tenant, actor, group, diff, reason, null);
        record(tenant, actor, group, diff, applied, "ruleset.reverted");
        return applied;
    }

    private Applied store(
            TenantId tenant,
            Actor actor,
            SecurityGroup group,
            RuleSetDiff diff,
            @Nullable String reason,
            @Nullable Instant confirmUntil) {
        RemoteNames known = names.of(tenant);
        requireKnownReferences(diff, known);
        if (diff.after().rules().size() > diff.before().rules().size()) {
            quotas.require(tenant, Limit.RULES_PER_GROUP, diff.after().rules().size());
        }
        Instant now = clock.instant();
        long version = group.version() + 1;
        rules.write(tenant, group.id(), diff, now);
        groups.setVersion(
                tenant,
                group.id(),
                version,
                diff.after().egressDefault(),
                confirmUntil,
                confirmUntil == null ? null : group.version(),
                now);
        String summary = new RuleSetSummary(diff, known).line();
        revisions.insert(tenant, group.id(), version, diff.after(), reason == null ? summary : reason, actor, now);
        hosts.touched(ObjectKind.SECURITY_GROUP, group.id().value());
        if (diff.changesReferences() || group.awaitsConfirmation()) {
            hosts.rearrangedAround(ObjectKind.SECURITY_GROUP, group.id().value());
        }
        live.publish(tenant, LiveTopic.GROUPS, LiveTopic.NICS);
        return new Applied(version, diff, true, confirmUntil);
    }

    private void record(
            TenantId tenant, Actor actor, SecurityGroup group, RuleSetDiff diff, Applied applied, String action) {
        RuleSetSummary summary = new RuleSetSummary(diff, names.of(tenant));
        audit.record(
                tenant,
                actor,
                AuditEntry.of(action, "security-group", group.id().value(), group.name())
                        .before(summary.before(group.version()))
                        .after(summary.after(applied.version())));
    }

    private void tellHosts(SecurityGroupId id) {
        hosts.touched(ObjectKind.SECURITY_GROUP, id.value());
        hosts.rearrangedAround(ObjectKind.SECURITY_GROUP, id.value());
    }

    private SecurityGroup lock(TenantId tenant, SecurityGroupId id) {
        return groups.lock(tenant, id).orElseThrow(SecurityGroups::notFound);
    }

    private void requireUnchanged(TenantId tenant, SecurityGroup group, long base) {
        if (group.version() == base) {
            return;
        }
        String who = revisions
                .find(tenant, group.id(), group.version())
                .map(revision -> revision.authorName() + " applied version " + revision.version() + " ("
                        + revision.summary() + ")")
                .orElse("There is version " + group.version());
        throw new ConflictException(
                "ruleset.stale",
                who + " since you loaded version " + base
                        + ", so nothing of yours was applied. Look at the present rules and put your changes on top.");
    }

    private void requireSettled(SecurityGroup group) {
        if (group.awaitsConfirmation()) {
            throw new ConflictException(
                    "ruleset.unconfirmed",
                    "Version " + group.version() + " of " + group.name()
                            + " still waits for confirmation. Confirm it or revert it, then apply this change.");
        }
    }

    private Instant deadline(Duration within) {
        if (within.compareTo(Duration.ofMinutes(1)) < 0 || within.compareTo(LONGEST_CONFIRMATION) > 0) {
            throw InvalidInputException.field(
                    "ruleset.confirm-time",
                    "confirmWithin",
                    "The time to confirm lies between 1 and " + LONGEST_CONFIRMATION.toMinutes() + " minutes.");
        }
        return clock.instant().plus(within).truncatedTo(ChronoUnit.MILLIS);
    }

    private static void requireKnownReferences(RuleSetDiff diff, RemoteNames known) {
        for (Rule rule : diff.after().rules()) {
            Remote remote = rule.spec().remote();
            boolean unknown =
                    (remote instanceof Remote.Group group && !known.groups().containsKey(group.id()))
                            || (remote instanceof Remote.Addresses list
                                    && !known.addressGroups().containsKey(list.id()));
            if (unknown) {
                throw InvalidInputException.field(
                        "rule.unknown-remote",
                        "remote",
                        "The rule “"
                                + new RuleWords(known).sentence(rule.spec())
                                + "” refers to a group that does not exist any more."
                                + " Create the group again or remove the rule.");
            }
        }
    }
}
