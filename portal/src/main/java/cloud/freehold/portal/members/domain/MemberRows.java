package cloud.freehold.portal.members.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.tenancy.Role;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The memberships of one tenant. */
@Component
class MemberRows {

    private static final String SELECT = """
            select a.id, a.email, a.display_name, m.role, a.password_hash is null as pending
              from member m join account a on a.id = m.account_id
             where m.tenant_id = :tenant
            """;

    private final JdbcClient jdbc;
    private final Clock clock;

    MemberRows(JdbcClient jdbc, Clock clock) {
        this.jdbc = jdbc;
        this.clock = clock;
    }

    List<Member> list(TenantId tenant) {
        return jdbc.sql(SELECT + " order by a.email")
                .param("tenant", tenant.value())
                .query(MemberRows::read)
                .list();
    }

    Optional<Member> lock(TenantId tenant, UserId user) {
        return jdbc.sql(SELECT + " and m.account_id = :user for update of m")
                .param("tenant", tenant.value())
                .param("user", user.value())
                .query(MemberRows::read)
                .optional();
    }

    /** In one order, so that two owners who demote each other wait and do not block each other for ever. */
    List<UUID> lockOwners(TenantId tenant) {
        return jdbc.sql("""
                        select account_id from member where tenant_id = :tenant and role = 'OWNER'
                         order by account_id for update
                        """).param("tenant", tenant.value()).query(UUID.class).list();
    }

    boolean insert(TenantId tenant, UserId user, Role role) {
        return jdbc.sql("""
                                insert into member (tenant_id, account_id, role, created_at)
                                values (:tenant, :user, :role, :now) on conflict do nothing
                                """)
                        .param("tenant", tenant.value())
                        .param("user", user.value())
                        .param("role", role.name())
                        .param("now", OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
                        .update()
                == 1;
    }

    void updateRole(TenantId tenant, UserId user, Role role) {
        jdbc.sql("update member set role = :role where tenant_id = :tenant and account_id = :user")
                .param("role", role.name())
                .param("tenant", tenant.value())
                .param("user", user.value())
                .update();
    }

    void delete(TenantId tenant, UserId user) {
        jdbc.sql("delete from member where tenant_id = :tenant and account_id = :user")
                .param("tenant", tenant.value())
                .param("user", user.value())
                .update();
    }

    private static Member read(ResultSet row, int number) throws SQLException {
        return new Member(
                new UserId(row.getObject("id", UUID.class)),
                row.getString("email"),
                row.getString("display_name"),
                Role.valueOf(row.getString("role")),
                row.getBoolean("pending"));
    }
}
