package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.TenantId;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What the tables of security groups and of address groups have in common: a tenant's groups have names of their own. */
final class GroupTable {

    private final JdbcClient jdbc;
    private final String table;
    private final String noun;

    /** @param noun with its article, for messages */
    GroupTable(JdbcClient jdbc, String table, String noun) {
        this.jdbc = jdbc;
        this.table = table;
        this.noun = noun;
    }

    long count(TenantId tenant) {
        return jdbc.sql("SELECT count(*) FROM " + table + " WHERE tenant_id = ?")
                .param(tenant.value())
                .query(Long.class)
                .single();
    }

    /** @param except the group that has the name, when it may keep it */
    void requireFree(TenantId tenant, String name, @Nullable UUID except) {
        boolean taken = jdbc.sql("SELECT EXISTS (SELECT FROM " + table + " WHERE tenant_id = :tenant AND name = :name"
                        + " AND id IS DISTINCT FROM cast(:except AS uuid))")
                .param("tenant", tenant.value())
                .param("name", name)
                .param("except", except == null ? null : except.toString())
                .query(Boolean.class)
                .single();
        if (taken) {
            throw taken(name);
        }
    }

    /** Also for an insert that another transaction forestalled. */
    InvalidInputException taken(String name) {
        return InvalidInputException.field(
                "name.taken", "name", "There is " + noun + " named “" + name + "” already. Choose another name.");
    }

    void delete(TenantId tenant, UUID id) {
        jdbc.sql("DELETE FROM " + table + " WHERE tenant_id = ? AND id = ?")
                .params(tenant.value(), id)
                .update();
    }
}
