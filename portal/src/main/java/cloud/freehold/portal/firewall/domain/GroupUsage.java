package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.AddressGroupId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Usage.Referring;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Where groups are used: on NICs, in rules, and in the versions that unconfirmed changes may go back to. */
@Component
class GroupUsage {

    private final JdbcClient jdbc;

    GroupUsage(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    Usage ofGroup(TenantId tenant, SecurityGroupId id) {
        List<String> nics = jdbc.sql("""
                        SELECT v.name || '/eth' || n.device_index AS name FROM nic_security_group s
                        JOIN nic n ON n.id = s.nic_id JOIN vm v ON v.id = n.vm_id
                        WHERE s.tenant_id = ? AND s.group_id = ? ORDER BY 1""")
                .params(tenant.value(), id.value())
                .query(String.class)
                .list();
        return new Usage(
                nics,
                referring(tenant, id.value(), "remote_group_id", "remoteGroupId").stream()
                        .filter(group -> !group.id().equals(id))
                        .toList());
    }

    Usage ofAddressGroup(TenantId tenant, AddressGroupId id) {
        return new Usage(List.of(), referring(tenant, id.value(), "remote_address_group_id", "remoteAddressGroupId"));
    }

    /** @param column and key are ours, never input */
    private List<Referring> referring(TenantId tenant, UUID id, String column, String key) {
        return jdbc.sql("""
                        SELECT g.id, g.name, sum(x.rules) AS rules FROM (
                            SELECT group_id, count(*) AS rules FROM rule WHERE tenant_id = :tenant AND %s = :id GROUP BY group_id
                            UNION ALL
                            SELECT f.group_id, 0 FROM security_group p
                            JOIN ruleset_revision f ON f.group_id = p.id AND f.version = p.fallback_version
                            WHERE p.tenant_id = :tenant AND f.rules @> cast(:reference AS jsonb)) x
                        JOIN security_group g ON g.id = x.group_id
                        GROUP BY g.id, g.name ORDER BY g.name""".formatted(column))
                .param("tenant", tenant.value())
                .param("id", id)
                .param("reference", "[{\"" + key + "\":\"" + id + "\"}]")
                .query((row, number) -> new Referring(
                        new SecurityGroupId(row.getObject("id", UUID.class)),
                        row.getString("name"),
                        row.getInt("rules")))
                .list();
    }

    static String sentence(String name, Usage usage) {
        List<String> where = new ArrayList<>();
        if (!usage.nics().isEmpty()) {
            where.add("it is attached to " + some(usage.nics()));
        }
        if (!usage.referringGroups().isEmpty()) {
            where.add("rules of "
                    + some(usage.referringGroups().stream().map(Referring::name).toList()) + " refer to it");
        }
        return name + " cannot be deleted: " + String.join(", and ", where)
                + ". Detach it and remove those rules first.";
    }

    private static String some(List<String> names) {
        return names.size() <= 5
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, 5)) + " and " + (names.size() - 5) + " more";
    }
}
