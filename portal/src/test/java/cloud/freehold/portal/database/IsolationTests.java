package cloud.freehold.portal.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** The second wall: what PostgreSQL itself keeps apart. */
@PortalTest
class IsolationTests {

    @Autowired
    private EmbeddedPostgres server;

    @Autowired
    private JdbcClient portal;

    @Autowired
    private TenantTransaction transactions;

    @Autowired
    private PlatformTransactionManager manager;

    @Autowired
    private Fixtures fixtures;

    @Test
    void everyTableOfTenantsHasItsPolicy() throws SQLException {
        assertThat(query("""
                        select distinct c.relname from pg_class c
                          join pg_attribute a on a.attrelid = c.oid and a.attname in ('tenant_id') and not a.attisdropped
                         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
                           and not (c.relrowsecurity and exists (
                               select from pg_policies p where p.tablename = c.relname
                                  and p.roles @> array['freehold_portal'::name] and p.qual like '%app_tenant()%'))
                        """)).as("tables with tenant_id but without a policy").isEmpty();
    }

    @Test
    void portalRoleOwnsNothingAndCannotBypassPolicies() throws SQLException {
        assertThat(query("select rolname from pg_roles where rolname like 'freehold%' and (rolsuper or rolbypassrls)"))
                .isEmpty();
        assertThat(query("""
                        select relname from pg_class
                         where relowner in ('freehold_portal'::regrole, 'freehold_system'::regrole)
                        """)).isEmpty();
    }

    /** Sessions, links, throttling and hosts' keys are none of a tenant's business. */
    @Test
    void portalRoleCannotReadWhatBelongsToTheSystem() {
        for (String table : List.of(
                "spring_session",
                "spring_session_attributes",
                "sign_in_link",
                "throttle_bucket",
                "host_certificate",
                "host_enrolment_token",
                "provider_audit_event")) {
            assertThatThrownBy(() -> portal.sql("select count(*) from " + table)
                            .query(Long.class)
                            .single())
                    .as(table)
                    .hasStackTraceContaining("permission denied");
        }
    }

    @Test
    void withoutATenantNothingIsSeen() {
        fixtures.owner("acme");
        TransactionTemplate plain = new TransactionTemplate(manager);
        for (String table : List.of("tenant", "member", "account", "quota", "audit_event")) {
            Long seen = plain.execute(status -> portal.sql("select count(*) from " + table)
                    .query(Long.class)
                    .single());
            assertThat(seen).as(table).isZero();
        }
    }

    @Test
    void settingsEndWithTheTransaction() {
        Person anna = fixtures.owner("acme");
        for (int i = 0; i < 20; i++) {
            transactions.run(anna.tenant(), () -> assertThat(visibleTenants()).containsExactly("acme"));
            assertThat(new TransactionTemplate(manager).<List<String>>execute(status -> visibleTenants()))
                    .isEmpty();
        }
    }

    @Test
    void rowsOfAnotherTenantCanNeitherBeReadNorWritten() {
        Person anna = fixtures.owner("acme");
        Person gina = fixtures.owner("globex");
        transactions.run(anna.tenant(), () -> {
            assertThat(visibleTenants()).containsExactly("acme");
            assertThat(portal.sql("update tenant set name = 'taken' where slug = 'globex'")
                            .update())
                    .isZero();
            assertThat(portal.sql("delete from member where tenant_id = ?")
                            .param(gina.tenant().value())
                            .update())
                    .isZero();
        });
        assertThatThrownBy(() -> transactions.run(anna.tenant(), () -> addMember(gina.tenant(), anna)))
                .hasStackTraceContaining("row-level security");
    }

    @Test
    void transactionCannotChangeItsTenant() {
        Person anna = fixtures.owner("acme");
        Person gina = fixtures.owner("globex");
        assertThatThrownBy(() -> transactions.run(
                        anna.tenant(),
                        () -> transactions.run(
                                gina.tenant(), () -> visibleTenants().clear())))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot go on for tenant");
    }

    private void addMember(TenantId tenant, Person person) {
        portal.sql("insert into member (tenant_id, account_id, role, created_at) values (?, ?, 'OWNER', now())")
                .param(tenant.value())
                .param(person.id().value())
                .update();
    }

    private List<String> visibleTenants() {
        return portal.sql("select slug from tenant order by slug")
                .query(String.class)
                .list();
    }

    private List<String> query(String sql) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Connection connection = DatabaseBootstrap.connect(server.superuser());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        return found;
    }
}
