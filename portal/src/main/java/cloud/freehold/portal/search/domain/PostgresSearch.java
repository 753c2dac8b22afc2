package cloud.freehold.portal.search.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.search.Search;
import cloud.freehold.portal.search.SearchHit;
import java.util.List;
import java.util.Locale;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

@Component
class PostgresSearch implements Search {

    private static final int LONGEST_QUERY = 100;
    private static final int MOST_OF_A_KIND = 8;

    /** Within a kind: what begins with the query before what contains it. */
    private static final String QUERY = """
            (select 1 as kind_order, 'VM' as kind, v.name as text, v.description as detail, '/vms/' || v.id as path,
                    v.name not like :prefix as later
               from vm v
              where v.tenant_id = :tenant and v.deleting_since is null
                and (lower(v.name) like :part or lower(v.description) like :part)
              order by later, v.name limit :most)
            union all
            (select 2, 'Address', case when host(a.ip) like :prefix then host(a.ip) else n.mac::text end,
                    v.name, '/vms/' || v.id, false
               from address a
               join nic n on n.tenant_id = a.tenant_id and n.id = a.nic_id
               join vm v on v.tenant_id = n.tenant_id and v.id = n.vm_id
              where a.tenant_id = :tenant and v.deleting_since is null
                and (host(a.ip) like :prefix or n.mac::text like :prefix)
              order by a.ip limit :most)
            union all
            (select 3, 'Security group', g.name, g.description, '/firewall/groups/' || g.id, lower(g.name) not like :prefix as later
               from security_group g
              where g.tenant_id = :tenant and (lower(g.name) like :part or lower(g.description) like :part)
              order by later, g.name limit :most)
            union all
            (select 4, 'Address group', g.name, g.description, '/firewall/addresses/' || g.id,
                    lower(g.name) not like :prefix as later
               from address_group g
              where g.tenant_id = :tenant
                and (lower(g.name) like :part or lower(g.description) like :part
                     or exists (select from address_group_entry e
                                 where e.tenant_id = g.tenant_id and e.group_id = g.id
                                   and (text(e.prefix) like :prefix or lower(e.description) like :part)))
              order by later, g.name limit :most)
            union all
            (select 5, 'Operation', replace(lower(o.kind), '_', ' ') || ' ' || o.target_name,
                    lower(o.state) || ', ' || to_char(o.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC',
                    '/operations/' || o.id, false
               from operation o
              where o.tenant_id = :tenant
                and (lower(o.target_name) like :part or replace(lower(o.kind), '_', ' ') like :part)
              order by o.created_at desc limit :most)
            order by kind_order, later, text
            """;

    private final JdbcClient jdbc;

    PostgresSearch(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    @Override
    @Transactional(readOnly = true)
    public List<SearchHit> find(TenantId tenant, String query) {
        String wanted = readable(query);
        if (wanted.isEmpty()) {
            return List.of();
        }
        String prefix = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%";
        return jdbc.sql(QUERY)
                .param("tenant", tenant.value())
                .param("prefix", prefix)
                .param("part", "%" + prefix)
                .param("most", MOST_OF_A_KIND)
                .query((row, number) -> new SearchHit(
                        row.getString("kind"), row.getString("text"), row.getString("detail"), row.getString("path")))
                .list();
    }

    /** PostgreSQL refuses the character 0 in a text; nothing is named with control characters. */
    private static String readable(String query) {
        String text = query.replaceAll("\\p{Cntrl}", " ").strip();
        return text.substring(0, Math.min(text.length(), LONGEST_QUERY)).toLowerCase(Locale.ROOT);
    }
}
