package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.firewall.GroupChoice;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.RuleMention;
import cloud.freehold.portal.firewall.SecurityGroupId;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** {@inheritDoc} */
@Component
@Transactional(propagation = Propagation.MANDATORY)
class StoredFirewall implements Firewall {

    private static final String HEADER = "direction,action,protocol,ports,remote,description\n";

    private final SecurityGroupRows rows;
    private final RuleRows rules;
    private final SecurityGroups groups;
    private final RuleSets ruleSets;
    private final Attachments attachments;
    private final GroupNames names;
    private final Uuid7 ids;
    private final Clock clock;

    StoredFirewall(
            SecurityGroupRows rows,
            RuleRows rules,
            SecurityGroups groups,
            RuleSets ruleSets,
            Attachments attachments,
            GroupNames names,
            Uuid7 ids,
            Clock clock) {
        this.rows = rows;
        this.rules = rules;
        this.groups = groups;
        this.ruleSets = ruleSets;
        this.attachments = attachments;
        this.names = names;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    public List<GroupChoice> choices(TenantId tenant) {
        return rows.list(tenant).stream().map(StoredFirewall::choice).toList();
    }

    @Override
    public void attach(TenantId tenant, Actor actor, UUID nic, List<SecurityGroupId> wanted) {
        attachments.set(tenant, actor, nic, wanted);
    }

    @Override
    public List<GroupChoice> attachedTo(TenantId tenant, UUID nic) {
        List<GroupChoice> all = choices(tenant);
        return attachments.groupsOf(tenant, nic).stream()
                .flatMap(group -> all.stream().filter(choice -> choice.id().equals(group.id())))
                .toList();
    }

    @Override
    public Map<UUID, RuleMention> mentions(TenantId tenant, Collection<UUID> ids) {
        if (ids.isEmpty()) {
            return Map.of();
        }
        RemoteNames known = names.of(tenant);
        RuleWords words = new RuleWords(known);
        Map<UUID, RuleMention> mentions = new HashMap<>();
        rules.byId(tenant, ids)
                .forEach((rule, group) -> mentions.put(
                        rule.id().value(),
                        new RuleMention(
                                rule.id(),
                                group,
                                known.groups().getOrDefault(group, "(deleted)"),
                                words.packets(rule.spec()),
                                rule.spec().action() == Action.ALLOW)));
        return mentions;
    }

    @Override
    public SecurityGroupId provideGroup(
            TenantId tenant, Actor actor, String name, String description, String... rules) {
        return names.of(tenant)
                .group(name)
                .map(remote -> ((Remote.Group) remote).id())
                .orElseGet(() -> create(tenant, actor, name, description, rules));
    }

    @Override
    public SecurityGroupId provideDefaultGroup(TenantId tenant, Actor actor) {
        return provideGroup(
                tenant,
                actor,
                "default",
                "Answers ping; nothing else comes in.",
                "ingress,allow,icmp,echo-request,any,Ping",
                "ingress,allow,icmpv6,echo-request,any,Ping");
    }

    private SecurityGroupId create(TenantId tenant, Actor actor, String name, String description, String... lines) {
        SecurityGroup group = groups.create(tenant, actor, name, description);
        RuleReader reader = new RuleReader(names.of(tenant), clock.instant(), ZoneOffset.UTC);
        RuleFile.Content content = RuleFile.read(HEADER + String.join("\n", lines), reader);
        if (lines.length > 0 && !content.isValid()) {
            throw new IllegalArgumentException("Rules of group " + name + ": " + content.errors());
        }
        List<Rule> parsedRules = content.rules().stream()
                .map(parsed -> new Rule(new RuleId(ids.next()), parsed.spec()))
                .toList();
        ruleSets.apply(tenant, actor, group.id(), group.version(), new RuleSet(Action.ALLOW, parsedRules), null, null);
        return group.id();
    }

    private static GroupChoice choice(GroupSummary summary) {
        SecurityGroup group = summary.group();
        return new GroupChoice(
                group.id(), group.name(), group.description(), summary.ingressRules() + summary.egressRules());
    }
}
