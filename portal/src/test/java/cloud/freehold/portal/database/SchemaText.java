package cloud.freehold.portal.database;

import cloud.freehold.portal.database.DatabaseAccess.Login;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;

/** The schema as text, from PostgreSQL's own catalogue, in an order that does not depend on history. */
final class SchemaText {

    private static final Map<String, String> SECTIONS = new LinkedHashMap<>();

    static {
        SECTIONS.put("Tables", """
                select format(E'table %s\\n%s', c.relname, string_agg(format('    %s %s%s%s', a.attname,
                              format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' else '' end,
                              coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')), E'\\n' order by a.attnum))
                  from pg_class c
                  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
                 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
                   and c.relname <> 'flyway_schema_history'
                 group by c.relname order by c.relname
                """);
        SECTIONS.put("Views", """
                select format(E'view %s\\n%s', c.relname, pg_get_viewdef(c.oid, true)) from pg_class c
                 where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm') order by c.relname
                """);
        SECTIONS.put("Constraints", """
                select format('%s.%s: %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint
                 where connamespace = 'public'::regnamespace and contype <> 'n' and conrelid <> 0
                   and conrelid <> 'flyway_schema_history'::regclass
                 order by conrelid::regclass::text, conname
                """);
        SECTIONS.put("Indexes", """
                select indexdef from pg_indexes
                 where schemaname = 'public' and tablename <> 'flyway_schema_history' order by tablename, indexname
                """);
        SECTIONS.put("Functions", """
                select pg_get_functiondef(p.oid) || ' owner ' || p.proowner::regrole from pg_proc p
                 where p.pronamespace = 'public'::regnamespace
                   and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
                 order by p.oid::regprocedure::text
                """);
        SECTIONS.put("Triggers", """
                select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal order by tgrelid::regclass::text, tgname
                """);
        SECTIONS.put("Tables with row-level security", """
                select relname || case when relforcerowsecurity then ' (forced)' else '' end from pg_class
                 where relnamespace = 'public'::regnamespace and relrowsecurity order by relname
                """);
        SECTIONS.put("Policies", """
                select format('%s.%s for %s to %s using (%s) check (%s)', tablename, policyname, cmd,
                              array_to_string(roles, ','), qual, with_check)
                  from pg_policies where schemaname = 'public' order by tablename, policyname
                """);
        SECTIONS.put("Grants", """
                select format('%s: %s to %s', c.relname, string_agg(g.privilege_type, ', ' order by g.privilege_type),
                              g.grantee::regrole)
                  from pg_class c cross join aclexplode(c.relacl) g
                 where c.relnamespace = 'public'::regnamespace and g.grantee <> c.relowner
                 group by c.relname, g.grantee order by c.relname, g.grantee::regrole::text
                """);
        SECTIONS.put("Column grants", """
                select format('%s(%s): %s to %s', a.attrelid::regclass, a.attname, g.privilege_type, g.grantee::regrole)
                  from pg_attribute a cross join aclexplode(a.attacl) g
                 where a.attacl is not null and a.attrelid::regclass::text not like 'pg_%'
                 order by 1
                """);
        SECTIONS.put("Function grants", """
                select format('%s: %s', p.oid::regprocedure,
                              coalesce(string_agg(case g.grantee when 0 then 'public' else g.grantee::regrole::text end,
                                                  ', ' order by g.grantee::regrole::text), 'owner only'))
                  from pg_proc p
                  left join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g on g.grantee <> p.proowner
                 where p.pronamespace = 'public'::regnamespace
                   and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
                 group by p.oid order by p.oid::regprocedure::text
                """);
    }

    private SchemaText() {}

    static String of(Login administrator) throws SQLException {
        StringBuilder text =
                new StringBuilder("-- What db/migrations give; written by GoldenSchemaTests, never by hand.\n");
        try (Connection connection = DatabaseBootstrap.connect(administrator);
                Statement statement = connection.createStatement()) {
            for (Map.Entry<String, String> section : SECTIONS.entrySet()) {
                text.append("\n-- ").append(section.getKey()).append('\n');
                try (ResultSet rows = statement.executeQuery(section.getValue())) {
                    while (rows.next()) {
                        text.append(rows.getString(1).stripTrailing()).append('\n');
                    }
                }
            }
        }
        return text.toString();
    }
}
