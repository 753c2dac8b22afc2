package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Quotas.Limit;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** A tenant's security groups: which there are, what they are called. Their rules are in {@link RuleSets}. */
@Component
public class SecurityGroups {

    private final SecurityGroupRows rows;
    private final RevisionRows revisions;
    private final GroupUsage usage;
    private final Quotas quotas;
    private final LiveEvents live;
    private final AuditTrail audit;
    private final Uuid7 ids;
    private final Clock clock;

    SecurityGroups(
            SecurityGroupRows rows,
            RevisionRows revisions,
            GroupUsage usage,
            Quotas quotas,
            LiveEvents live,
            AuditTrail audit,
            Uuid7 ids,
            Clock clock) {
        this.rows = rows;
        this.revisions = revisions;
        this.usage = usage;
        this.quotas = quotas;
        this.live = live;
        this.audit = audit;
        this.ids = ids;
        this.clock = clock;
    }

    static NotFoundException notFound() {
        return new NotFoundException(
                "There is no such security group. It may have been deleted; the list shows those there are.");
    }

    @Transactional(readOnly = true)
    public List<GroupSummary> list(TenantId tenant) {
        return rows.list(tenant);
    }

    @Transactional(readOnly = true)
    public SecurityGroup get(TenantId tenant, SecurityGroupId id) {
        return rows.find(tenant, id).orElseThrow(SecurityGroups::notFound);
    }

    @Transactional(readOnly = true)
    public Usage usage(TenantId tenant, SecurityGroupId id) {
        return usage.ofGroup(tenant, id);
    }

    @Transactional
    public SecurityGroup create(TenantId tenant, Actor actor, String name, String description) {
        Naming.check(name, description);
        rows.table().requireFree(tenant, name, null);
        quotas.require(tenant, Limit.SECURITY_GROUPS, rows.table().count(tenant) + 1);
        Instant now = clock.instant();
        SecurityGroup group = new SecurityGroup(
                new SecurityGroupId(ids.next()), name, description, Action.ALLOW, 1, null, null, now, now);
        try {
            rows.insert(tenant, group);
        } catch (DuplicateKeyException e) {
            throw rows.table().taken(name);
        }
        revisions.insert(
                tenant, group.id(), 1, new RuleSet(Action.ALLOW, List.of()), "Created, without rules", actor, now);
        live.publish(tenant, LiveTopic.GROUPS);
        audit.record(tenant, actor, entry("security-group.created", group).after(state(group)));
        return group;
    }

    @Transactional
    public SecurityGroup describe(TenantId tenant, Actor actor, SecurityGroupId id, String name, String description) {
        Naming.check(name, description);
        SecurityGroup group = rows.lock(tenant, id).orElseThrow(SecurityGroups::notFound);
        rows.table().requireFree(tenant, name, id.value());
        rows.describe(tenant, id, name, description, clock.instant());
        SecurityGroup changed = rows.find(tenant, id).orElseThrow(SecurityGroups::notFound);
        live.publish(tenant, LiveTopic.GROUPS);
        audit.record(
                tenant,
                actor,
                entry("security-group.changed", changed).before(state(group)).after(state(changed)));
        return changed;
    }

    /** Only a group that no NIC has and no rule refers to, so that a deletion never changes what a packet meets. */
    @Transactional
    public void delete(TenantId tenant, Actor actor, SecurityGroupId id) {
        SecurityGroup group = rows.lock(tenant, id).orElseThrow(SecurityGroups::notFound);
        Usage used = usage.ofGroup(tenant, id);
        if (!used.isFree()) {
            throw new ConflictException("security-group.in-use", GroupUsage.sentence(group.name(), used));
        }
        rows.table().delete(tenant, id.value());
        live.publish(tenant, LiveTopic.GROUPS);
        audit.record(tenant, actor, entry("security-group.deleted", group).before(state(group)));
    }

    private static AuditEntry entry(String action, SecurityGroup group) {
        return AuditEntry.of(action, "security-group", group.id().value(), group.name());
    }

    private static Map<String, Object> state(SecurityGroup group) {
        return Map.of("name", group.name(), "description", group.description());
    }
}
