package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.AddressGroupId;
import cloud.freehold.portal.firewall.domain.AddressGroup.Entry;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The tables {@code address_group} and {@code address_group_entry}. */
@Component
class AddressGroupRows {

    private final JdbcClient jdbc;
    private final GroupTable table;

    AddressGroupRows(JdbcClient jdbc) {
        this.jdbc = jdbc;
        this.table = new GroupTable(jdbc, "address_group", "an address group");
    }

    GroupTable table() {
        return table;
    }

    List<AddressGroups.Summary> list(TenantId tenant) {
        return jdbc.sql("""
                        SELECT g.id, g.name, g.description, g.version, g.updated_at,
                               (SELECT count(*) FROM address_group_entry e WHERE e.group_id = g.id) AS entries,
                               (SELECT count(*) FROM rule r WHERE r.remote_address_group_id = g.id) AS rules
                        FROM address_group g WHERE g.tenant_id = ? ORDER BY g.name, g.id""")
                .param(tenant.value())
                .query((row, number) ->
                        new AddressGroups.Summary(group(row, List.of()), row.getInt("entries"), row.getInt("rules")))
                .list();
    }

    Optional<AddressGroup> find(TenantId tenant, AddressGroupId id) {
        return one(tenant, id, "");
    }

    Optional<AddressGroup> lock(TenantId tenant, AddressGroupId id) {
        return one(tenant, id, " FOR UPDATE");
    }

    private Optional<AddressGroup> one(TenantId tenant, AddressGroupId id, String suffix) {
        return jdbc.sql("SELECT id, name, description, version, updated_at FROM address_group"
                        + " WHERE tenant_id = ? AND id = ?" + suffix)
                .params(tenant.value(), id.value())
                .query((row, number) -> group(row, entries(tenant, id)))
                .optional();
    }

    private List<Entry> entries(TenantId tenant, AddressGroupId id) {
        return jdbc
                .sql("SELECT prefix::text AS prefix, description FROM address_group_entry"
                        + " WHERE tenant_id = ? AND group_id = ?")
                .params(tenant.value(), id.value())
                .query((row, number) -> new Entry(Cidr.parse(row.getString("prefix")), row.getString("description")))
                .list()
                .stream()
                .sorted((a, b) -> a.prefix().compareTo(b.prefix()))
                .toList();
    }

    void insert(TenantId tenant, AddressGroup group) {
        jdbc.sql("INSERT INTO address_group (id, tenant_id, name, description, version, created_at, updated_at)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?)")
                .params(
                        group.id().value(),
                        tenant.value(),
                        group.name(),
                        group.description(),
                        group.version(),
                        Times.sql(group.updatedAt()),
                        Times.sql(group.updatedAt()))
                .update();
        add(tenant, group.id(), group.entries());
    }

    void update(TenantId tenant, AddressGroup group, Instant now) {
        jdbc.sql("UPDATE address_group SET name = ?, description = ?, version = ?, updated_at = ?"
                        + " WHERE tenant_id = ? AND id = ?")
                .params(
                        group.name(),
                        group.description(),
                        group.version(),
                        Times.sql(now),
                        tenant.value(),
                        group.id().value())
                .update();
    }

    void remove(TenantId tenant, AddressGroupId id, List<Entry> entries) {
        jdbc.sql("DELETE FROM address_group_entry WHERE tenant_id = ? AND group_id = ? AND prefix = ANY (?::cidr[])")
                .params(tenant.value(), id.value(), prefixes(entries))
                .update();
    }

    /** An entry that is there gets the new description. */
    void add(TenantId tenant, AddressGroupId id, List<Entry> entries) {
        jdbc.sql("INSERT INTO address_group_entry (tenant_id, group_id, prefix, description)"
                        + " SELECT ?, ?, p, d FROM unnest(?::cidr[], ?::text[]) AS e (p, d)"
                        + " ON CONFLICT (group_id, prefix) DO UPDATE SET description = excluded.description")
                .params(
                        tenant.value(),
                        id.value(),
                        prefixes(entries),
                        entries.stream().map(Entry::description).toArray(String[]::new))
                .update();
    }

    private static String[] prefixes(List<Entry> entries) {
        return entries.stream().map(entry -> entry.prefix().toString()).toArray(String[]::new);
    }

    private static AddressGroup group(ResultSet row, List<Entry> entries) throws SQLException {
        return new AddressGroup(
                new AddressGroupId(row.getObject("id", UUID.class)),
                row.getString("name"),
                row.getString("description"),
                row.getLong("version"),
                Times.required(row, "updated_at"),
                entries);
    }
}
