package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.desired.DesiredSecurityGroup;
import cloud.freehold.api.desired.DesiredSecurityGroup.EgressDefault;
import cloud.freehold.portal.hostlink.domain.RuleWindows.Version;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The security groups of a host's NICs, with the rules that count now or will. */
final class DesiredGroups {

    private DesiredGroups() {}

    private record Group(
            UUID id,
            long revision,
            UUID tenantId,
            long version,
            EgressDefault egressDefault,
            @Nullable Instant confirmUntil,
            @Nullable EgressDefault fallbackEgressDefault) {}

    static List<DesiredSecurityGroup> read(HostQuery query, Instant now) {
        List<Group> groups = groups(query);
        if (groups.isEmpty()) {
            return List.of();
        }
        Map<UUID, List<StoredRule>> current = byGroup(query.changed(
                        ObjectKind.SECURITY_GROUP,
                        "select r.* from rule r",
                        "r.group_id",
                        "where r.enabled order by r.group_id, r.position")
                .query(StoredRule::read)
                .list());
        boolean unconfirmed = groups.stream().anyMatch(group -> group.confirmUntil() != null);
        Map<UUID, List<StoredRule>> fallback = unconfirmed ? byGroup(fallbackRules(query)) : Map.of();
        Set<UUID> shared = unconfirmed ? sharedWithStrict(query) : Set.of();
        return groups.stream()
                .map(group -> {
                    Version version = new Version(group.egressDefault(), current.getOrDefault(group.id(), List.of()));
                    RuleWindows windows = group.confirmUntil() == null || group.fallbackEgressDefault() == null
                            ? RuleWindows.settled(version, now)
                            : RuleWindows.unconfirmed(
                                    group.id(),
                                    version,
                                    new Version(
                                            group.fallbackEgressDefault(),
                                            fallback.getOrDefault(group.id(), List.of())),
                                    group.confirmUntil(),
                                    shared.contains(group.id()),
                                    now);
                    return new DesiredSecurityGroup(
                            group.id(),
                            group.revision(),
                            group.tenantId(),
                            group.version(),
                            windows.egressDefault(),
                            windows.rules());
                })
                .toList();
    }

    private static List<Group> groups(HostQuery query) {
        return query.changed(ObjectKind.SECURITY_GROUP, """
                        select g.*, o.revision, f.egress_default as fallback_egress_default
                        from security_group g
                        left join ruleset_revision f on f.group_id = g.id and f.version = g.fallback_version
                        """, "g.id", "order by g.id")
                .query((row, number) -> {
                    OffsetDateTime until = row.getObject("confirm_until", OffsetDateTime.class);
                    String before = row.getString("fallback_egress_default");
                    return new Group(
                            row.getObject("id", UUID.class),
                            row.getLong("revision"),
                            row.getObject("tenant_id", UUID.class),
                            row.getLong("version"),
                            EgressDefault.valueOf(row.getString("egress_default")),
                            until == null ? null : until.toInstant(),
                            before == null ? null : EgressDefault.valueOf(before));
                })
                .list();
    }

    private static List<StoredRule> fallbackRules(HostQuery query) {
        return query.changed(ObjectKind.SECURITY_GROUP, """
                        select r.id, g.id as group_id, r.direction, coalesce(r."etherType", r.ethertype) as ethertype,
                               r.protocol, r."portMin" as port_min, r."portMax" as port_max, r."icmpType" as icmp_type,
                               r."icmpCode" as icmp_code, r."remotePrefix"::text as remote_prefix,
                               r."remoteGroupId" as remote_group_id, r."remoteAddressGroupId" as remote_address_group_id,
                               r.action, coalesce(r.log, false) as log, r."expiresAt" as expires_at
                        from security_group g
                        join ruleset_revision f on f.group_id = g.id and f.version = g.fallback_version
                        cross join lateral jsonb_to_recordset(f.rules) as r (
                            id uuid, direction text, "etherType" text, ethertype text, protocol integer, "portMin" integer,
                            "portMax" integer, "icmpType" integer, "icmpCode" integer, "remotePrefix" cidr,
                            "remoteGroupId" uuid, "remoteAddressGroupId" uuid, action text, log boolean,
                            "expiresAt" timestamptz, enabled boolean)
                        """, "g.id", "where coalesce(r.enabled, true)")
                .query(StoredRule::read)
                .list();
    }

    /** Groups of which a NIC also has another group with egress default drop, now or in its fallback. */
    private static Set<UUID> sharedWithStrict(HostQuery query) {
        return new HashSet<>(query.changed(
                        ObjectKind.SECURITY_GROUP,
                        """
                        select distinct mine.group_id
                        from nic_security_group mine
                        join nic_security_group other on other.nic_id = mine.nic_id and other.group_id <> mine.group_id
                        join security_group g on g.id = other.group_id
                        left join ruleset_revision f on f.group_id = g.id and f.version = g.fallback_version
                        """,
                        "mine.group_id",
                        "where g.egress_default = 'DROP' or f.egress_default = 'DROP'")
                .query(UUID.class)
                .list());
    }

    private static Map<UUID, List<StoredRule>> byGroup(List<StoredRule> rules) {
        Map<UUID, List<StoredRule>> byGroup = new HashMap<>();
        rules.forEach(rule -> byGroup.computeIfAbsent(rule.groupId(), group -> new ArrayList<>())
                .add(rule));
        return byGroup;
    }
}
