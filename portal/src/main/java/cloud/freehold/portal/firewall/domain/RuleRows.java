package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The table {@code rule}. A change set is three statements, however many rules it touches. */
@Component
class RuleRows {

    private static final String SELECT = """
            SELECT id, group_id, direction, ethertype, protocol, port_min, port_max, icmp_type, icmp_code,
                   remote_prefix::text AS remote_prefix, remote_group_id::text AS remote_group_id,
                   remote_address_group_id::text AS remote_address_group_id, action, description, enabled, log, expires_at
            FROM rule""";

    private static final String UPSERT = """
            INSERT INTO rule (id, tenant_id, group_id, position, direction, ethertype, protocol, port_min, port_max, icmp_type,
                              icmp_code, remote_prefix, remote_group_id, remote_address_group_id, action, description, enabled,
                              log, expires_at, created_at, updated_at)
            SELECT r.id, :tenant, :group, r.position, r.direction, r."etherType", r.protocol, r."portMin", r."portMax",
                   r."icmpType", r."icmpCode", r."remotePrefix", r."remoteGroupId", r."remoteAddressGroupId", r.action,
                   r.description, r.enabled, r.log, r."expiresAt", :now, :now
            FROM jsonb_to_recordset(cast(:rules AS jsonb)) AS r (id uuid, position integer, direction text, "etherType" text,
                   protocol smallint, "portMin" integer, "portMax" integer, "icmpType" smallint, "icmpCode" smallint,
                   "remotePrefix" cidr, "remoteGroupId" uuid, "remoteAddressGroupId" uuid, action text, description text,
                   enabled boolean, log boolean, "expiresAt" timestamptz)
            ON CONFLICT (id) DO UPDATE SET position = excluded.position, direction = excluded.direction,
                   ethertype = excluded.ethertype, protocol = excluded.protocol, port_min = excluded.port_min,
                   port_max = excluded.port_max, icmp_type = excluded.icmp_type, icmp_code = excluded.icmp_code,
                   remote_prefix = excluded.remote_prefix, remote_group_id = excluded.remote_group_id,
                   remote_address_group_id = excluded.remote_address_group_id, action = excluded.action,
                   description = excluded.description, enabled = excluded.enabled, log = excluded.log,
                   expires_at = excluded.expires_at, updated_at = excluded.updated_at
            WHERE rule.group_id = excluded.group_id""";

    private final JdbcClient jdbc;

    RuleRows(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    List<Rule> load(TenantId tenant, SecurityGroupId group) {
        return jdbc.sql(SELECT + " WHERE tenant_id = ? AND group_id = ? ORDER BY position")
                .params(tenant.value(), group.value())
                .query(RuleRows::rule)
                .list();
    }

    /** Those of these that there are, with their groups. */
    Map<Rule, SecurityGroupId> byId(TenantId tenant, Collection<UUID> ids) {
        Map<Rule, SecurityGroupId> found = new HashMap<>();
        jdbc.sql(SELECT + " WHERE tenant_id = ? AND id = ANY (?)")
                .params(tenant.value(), ids.toArray(UUID[]::new))
                .query(row -> {
                    found.put(rule(row, 0), new SecurityGroupId(row.getObject("group_id", UUID.class)));
                });
        return found;
    }

    /** Writes what differs; the caller holds the group's lock. */
    void write(TenantId tenant, SecurityGroupId group, RuleSetDiff diff, Instant now) {
        if (!diff.removed().isEmpty()) {
            jdbc.sql("DELETE FROM rule WHERE tenant_id = ? AND group_id = ? AND id = ANY (?::uuid[])")
                    .params(tenant.value(), group.value(), ids(diff.removed()))
                    .update();
        }
        List<Rule> rules = diff.after().rules();
        Map<RuleId, Integer> places = places(tenant, group);
        int[] current = rules.stream()
                .mapToInt(rule -> places.getOrDefault(rule.id(), Positions.NONE))
                .toArray();
        int[] assigned = Positions.assign(current);
        Set<RuleId> changed = new HashSet<>();
        diff.changed().forEach(change -> changed.add(change.after().id()));
        List<Rule> written = new ArrayList<>();
        List<Integer> positions = new ArrayList<>();
        for (int i = 0; i < assigned.length; i++) {
            if (assigned[i] != current[i] || changed.contains(rules.get(i).id())) {
                written.add(rules.get(i));
                positions.add(assigned[i]);
            }
        }
        if (!written.isEmpty()) {
            jdbc.sql(UPSERT)
                    .param("tenant", tenant.value())
                    .param("group", group.value())
                    .param("now", Times.sql(now))
                    .param("rules", RuleSetJson.writePlaced(written, positions))
                    .update();
        }
    }

    private Map<RuleId, Integer> places(TenantId tenant, SecurityGroupId group) {
        Map<RuleId, Integer> places = new HashMap<>();
        jdbc.sql("SELECT id, position FROM rule WHERE tenant_id = ? AND group_id = ?")
                .params(tenant.value(), group.value())
                .query(row -> {
                    places.put(new RuleId(row.getObject("id", UUID.class)), row.getInt("position"));
                });
        return places;
    }

    private static String[] ids(List<Rule> rules) {
        return rules.stream().map(rule -> rule.id().toString()).toArray(String[]::new);
    }

    private static Rule rule(ResultSet row, int number) throws SQLException {
        Integer portMin = row.getObject("port_min", Integer.class);
        Integer portMax = row.getObject("port_max", Integer.class);
        Integer icmpType = number(row, "icmp_type");
        RuleSpec spec = new RuleSpec(
                Direction.valueOf(row.getString("direction")),
                Action.valueOf(row.getString("action")),
                EtherType.valueOf(row.getString("ethertype")),
                new Protocol(number(row, "protocol")),
                portMin == null || portMax == null ? null : new PortRange(portMin, portMax),
                icmpType == null ? null : new IcmpType(icmpType, number(row, "icmp_code")),
                RuleSetJson.remote(
                        row.getString("remote_prefix"),
                        row.getString("remote_group_id"),
                        row.getString("remote_address_group_id")),
                row.getString("description"),
                row.getBoolean("enabled"),
                row.getBoolean("log"),
                Times.instant(row, "expires_at"));
        return new Rule(new RuleId(row.getObject("id", UUID.class)), spec);
    }

    private static @Nullable Integer number(ResultSet row, String column) throws SQLException {
        int value = row.getInt(column);
        return row.wasNull() ? null : value;
    }
}
