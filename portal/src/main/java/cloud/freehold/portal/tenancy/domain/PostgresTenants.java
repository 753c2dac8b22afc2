package cloud.freehold.portal.tenancy.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.database.Acting;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.tenancy.Tenants;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

@Component
class PostgresTenants implements Tenants {

    private static final String SCOPES = """
            select t.id, t.slug, t.name, t.time_zone, m.account_id, m.role
              from tenant t join member m on m.tenant_id = t.id
             where m.account_id = :user
            """;

    private final JdbcClient jdbc;
    private final TransactionTemplate reading;

    PostgresTenants(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.reading = new TransactionTemplate(transactions);
        this.reading.setReadOnly(true);
    }

    @Override
    public List<TenantScope> of(UserId user) {
        return asUser(
                user,
                () -> jdbc.sql(SCOPES + " order by t.name, t.id")
                        .param("user", user.value())
                        .query(PostgresTenants::scope)
                        .list());
    }

    @Override
    public Optional<TenantScope> find(String slug, UserId user) {
        return asUser(
                user,
                () -> jdbc.sql(SCOPES + " and t.slug = :slug")
                        .param("user", user.value())
                        .param("slug", slug)
                        .query(PostgresTenants::scope)
                        .optional());
    }

    /** Row-level security shows a user the memberships and tenants that are theirs, before a tenant is chosen. */
    private <T> T asUser(UserId user, Supplier<T> query) {
        try (Acting.Scope acting = Acting.begin(new Acting(null, user))) {
            return reading.execute(status -> query.get());
        }
    }

    private static TenantScope scope(ResultSet row, int number) throws SQLException {
        return new TenantScope(
                new TenantId(row.getObject("id", UUID.class)),
                row.getString("slug"),
                row.getString("name"),
                new UserId(row.getObject("account_id", UUID.class)),
                Role.valueOf(row.getString("role")),
                ZoneId.of(row.getString("time_zone")));
    }
}
