package cloud.freehold.portal.database;

import cloud.freehold.portal.common.TenantId;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.springframework.context.ApplicationContext;

/** Sums over what tenants have stored, to see whether anything was written. */
public final class DatabaseDigest {

    private final ApplicationContext context;
    private final List<String> tables;

    public DatabaseDigest(ApplicationContext context) {
        this.context = context;
        this.tables = query("""
                select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
                 where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'tenant_id'
                   and a.atttypid = 'uuid'::regtype order by c.relname
                """);
    }

    public String ofAllTenants() {
        return digest("true");
    }

    /** But for the sign-ins that its trail records. */
    public String ofTenant(TenantId tenant) {
        return digest("tenant_id = '" + tenant + "'");
    }

    /** Every id in a row of the tenant. */
    public List<String> idsOf(TenantId tenant) {
        List<String> ids = new ArrayList<>();
        for (String table : tables) {
            ids.addAll(query("""
                    select distinct v.value from %s t, jsonb_each_text(to_jsonb(t)) v
                     where t.tenant_id = '%s' and v.value ~ '^[0-9a-f]{8}-[0-9a-f]{4}-.{22}$'
                    """.formatted(table, tenant)));
        }
        return ids;
    }

    private String digest(String condition) {
        String all = tables.stream()
                .map(table ->
                        "select '%s' as t, count(*) as n, coalesce(sum(hashtext(x::text)), 0) as h from %s x where %s"
                                .formatted(table, table, condition))
                .collect(Collectors.joining(" union all "));
        return query("select string_agg(t || ':' || n || ':' || h, ' ' order by t) from (" + all + ") sums")
                .get(0);
    }

    private List<String> query(String sql) {
        EmbeddedPostgres server = context.getBean(EmbeddedPostgres.class);
        List<String> found = new ArrayList<>();
        try (Connection connection = connection(server);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return found;
    }

    private static Connection connection(EmbeddedPostgres server) throws SQLException {
        return DatabaseBootstrap.connect(server.superuser());
    }
}
