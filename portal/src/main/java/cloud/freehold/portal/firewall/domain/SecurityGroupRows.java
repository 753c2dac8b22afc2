package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The table {@code security_group}. */
@Component
class SecurityGroupRows {

    private static final String COLUMNS = "g.id, g.name, g.description, g.egress_default, g.version, g.confirm_until,"
            + " g.fallback_version, g.created_at, g.updated_at";

    private final JdbcClient jdbc;
    private final GroupTable table;

    SecurityGroupRows(JdbcClient jdbc) {
        this.jdbc = jdbc;
        this.table = new GroupTable(jdbc, "security_group", "a security group");
    }

    GroupTable table() {
        return table;
    }

    Optional<SecurityGroup> find(TenantId tenant, SecurityGroupId id) {
        return jdbc.sql("SELECT " + COLUMNS + " FROM security_group g WHERE g.tenant_id = ? AND g.id = ?")
                .params(tenant.value(), id.value())
                .query(SecurityGroupRows::group)
                .optional();
    }

    /** Held until the transaction ends: changes of one group happen one after the other. */
    Optional<SecurityGroup> lock(TenantId tenant, SecurityGroupId id) {
        return jdbc.sql("SELECT " + COLUMNS + " FROM security_group g WHERE g.tenant_id = ? AND g.id = ? FOR UPDATE")
                .params(tenant.value(), id.value())
                .query(SecurityGroupRows::group)
                .optional();
    }

    /** Empty also when another portal works on it just now. */
    Optional<SecurityGroup> lockOverdue(TenantId tenant, SecurityGroupId id, Instant now) {
        return jdbc.sql("SELECT " + COLUMNS + " FROM security_group g WHERE g.tenant_id = ? AND g.id = ?"
                        + " AND g.confirm_until <= ? FOR UPDATE SKIP LOCKED")
                .params(tenant.value(), id.value(), Times.sql(now))
                .query(SecurityGroupRows::group)
                .optional();
    }

    List<GroupSummary> list(TenantId tenant) {
        return jdbc.sql("SELECT " + COLUMNS + """
                        , r.ingress, r.egress,
                        (SELECT count(*) FROM nic_security_group n WHERE n.group_id = g.id) AS nics,
                        (SELECT count(*) FROM rule x WHERE x.remote_group_id = g.id) AS referring
                        FROM security_group g
                        CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE direction = 'INGRESS') AS ingress,
                                                   count(*) FILTER (WHERE direction = 'EGRESS') AS egress
                                            FROM rule WHERE group_id = g.id) r
                        WHERE g.tenant_id = ? ORDER BY g.name, g.id""")
                .param(tenant.value())
                .query((row, number) -> new GroupSummary(
                        group(row, number),
                        row.getInt("ingress"),
                        row.getInt("egress"),
                        row.getInt("nics"),
                        row.getInt("referring")))
                .list();
    }

    Map<SecurityGroupId, String> names(TenantId tenant) {
        Map<SecurityGroupId, String> names = new LinkedHashMap<>();
        jdbc.sql("SELECT id, name FROM security_group WHERE tenant_id = ? ORDER BY name, id")
                .param(tenant.value())
                .query(row -> {
                    names.put(new SecurityGroupId(row.getObject("id", UUID.class)), row.getString("name"));
                });
        return names;
    }

    void insert(TenantId tenant, SecurityGroup group) {
        jdbc.sql("INSERT INTO security_group (id, tenant_id, name, description, egress_default, version, created_at,"
                        + " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
                .params(
                        group.id().value(),
                        tenant.value(),
                        group.name(),
                        group.description(),
                        group.egressDefault().name(),
                        group.version(),
                        Times.sql(group.createdAt()),
                        Times.sql(group.updatedAt()))
                .update();
    }

    void describe(TenantId tenant, SecurityGroupId id, String name, String description, Instant now) {
        jdbc.sql("UPDATE security_group SET name = ?, description = ?, updated_at = ? WHERE tenant_id = ? AND id = ?")
                .params(name, description, Times.sql(now), tenant.value(), id.value())
                .update();
    }

    void setVersion(
            TenantId tenant,
            SecurityGroupId id,
            long version,
            Action egressDefault,
            @Nullable Instant confirmUntil,
            @Nullable Long fallback,
            Instant now) {
        jdbc.sql("UPDATE security_group SET version = :version, egress_default = :egress,"
                        + " confirm_until = cast(:until AS timestamptz), fallback_version = cast(:fallback AS bigint),"
                        + " updated_at = :now WHERE tenant_id = :tenant AND id = :id")
                .param("version", version)
                .param("egress", egressDefault.name())
                .param("until", confirmUntil == null ? null : Times.sql(confirmUntil))
                .param("fallback", fallback)
                .param("now", Times.sql(now))
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
    }

    void setConfirmed(TenantId tenant, SecurityGroupId id) {
        jdbc.sql(
                        "UPDATE security_group SET confirm_until = NULL, fallback_version = NULL WHERE tenant_id = ? AND id = ?")
                .params(tenant.value(), id.value())
                .update();
    }

    private static SecurityGroup group(ResultSet row, int number) throws SQLException {
        return new SecurityGroup(
                new SecurityGroupId(row.getObject("id", UUID.class)),
                row.getString("name"),
                row.getString("description"),
                Action.valueOf(row.getString("egress_default")),
                row.getLong("version"),
                Times.instant(row, "confirm_until"),
                row.getObject("fallback_version", Long.class),
                Times.required(row, "created_at"),
                Times.required(row, "updated_at"));
    }
}
