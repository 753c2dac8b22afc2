package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The table {@code ruleset_revision}: never changed but for how a version's confirmation ended. */
@Component
class RevisionRows {

    private final JdbcClient jdbc;

    RevisionRows(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    void insert(
            TenantId tenant,
            SecurityGroupId group,
            long version,
            RuleSet set,
            String summary,
            Actor author,
            Instant now) {
        jdbc.sql(
                        "INSERT INTO ruleset_revision (tenant_id, group_id, version, egress_default, rules, summary, author_id,"
                                + " author_name, created_at) VALUES (:tenant, :group, :version, :egress, cast(:rules AS jsonb), :summary,"
                                + " cast(:author AS uuid), :name, :now)")
                .param("tenant", tenant.value())
                .param("group", group.value())
                .param("version", version)
                .param("egress", set.egressDefault().name())
                .param("rules", RuleSetJson.write(set.rules()))
                .param("summary", summary)
                .param("author", author.id() == null ? null : author.id().toString())
                .param("name", author.name())
                .param("now", Times.sql(now))
                .update();
    }

    Optional<RuleSet> ruleSet(TenantId tenant, SecurityGroupId group, long version) {
        return jdbc.sql("SELECT egress_default, rules::text AS rules FROM ruleset_revision"
                        + " WHERE tenant_id = ? AND group_id = ? AND version = ?")
                .params(tenant.value(), group.value(), version)
                .query((row, number) -> new RuleSet(
                        Action.valueOf(row.getString("egress_default")), RuleSetJson.read(row.getString("rules"))))
                .optional();
    }

    Optional<Revision> find(TenantId tenant, SecurityGroupId group, long version) {
        return jdbc.sql(
                        "SELECT version, summary, author_name, created_at, confirmed_at, reverted_at FROM ruleset_revision"
                                + " WHERE tenant_id = ? AND group_id = ? AND version = ?")
                .params(tenant.value(), group.value(), version)
                .query(RevisionRows::revision)
                .optional();
    }

    /** Newest first, those before a version. */
    List<Revision> list(TenantId tenant, SecurityGroupId group, long before, int limit) {
        return jdbc.sql(
                        "SELECT version, summary, author_name, created_at, confirmed_at, reverted_at FROM ruleset_revision"
                                + " WHERE tenant_id = ? AND group_id = ? AND version < ? ORDER BY version DESC LIMIT ?")
                .params(tenant.value(), group.value(), before, limit)
                .query(RevisionRows::revision)
                .list();
    }

    /** Oldest first, those after a version: what happened since. */
    List<Revision> since(TenantId tenant, SecurityGroupId group, long version) {
        return jdbc.sql(
                        "SELECT version, summary, author_name, created_at, confirmed_at, reverted_at FROM ruleset_revision"
                                + " WHERE tenant_id = ? AND group_id = ? AND version > ? ORDER BY version LIMIT 50")
                .params(tenant.value(), group.value(), version)
                .query(RevisionRows::revision)
                .list();
    }

    void confirmed(TenantId tenant, SecurityGroupId group, long version, Instant now) {
        jdbc.sql("UPDATE ruleset_revision SET confirmed_at = ? WHERE tenant_id = ? AND group_id = ? AND version = ?")
                .params(Times.sql(now), tenant.value(), group.value(), version)
                .update();
    }

    void reverted(TenantId tenant, SecurityGroupId group, long version, Instant now) {
        jdbc.sql("UPDATE ruleset_revision SET reverted_at = ? WHERE tenant_id = ? AND group_id = ? AND version = ?")
                .params(Times.sql(now), tenant.value(), group.value(), version)
                .update();
    }

    private static Revision revision(ResultSet row, int number) throws SQLException {
        return new Revision(
                row.getLong("version"),
                row.getString("summary"),
                row.getString("author_name"),
                Times.required(row, "created_at"),
                Times.instant(row, "confirmed_at"),
                Times.instant(row, "reverted_at"));
    }
}
