package cloud.freehold.portal.members.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.database.SystemAccess;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The one thing that a tenant's own view cannot tell: whether somebody belongs to another tenant as well. */
@Component
class MembershipCount {

    private final JdbcClient system;

    MembershipCount(@SystemAccess JdbcClient system) {
        this.system = system;
    }

    boolean isMemberElsewhere(UserId user, TenantId tenant) {
        return system.sql("select exists (select from member where account_id = :user and tenant_id <> :tenant)")
                .param("user", user.value())
                .param("tenant", tenant.value())
                .query(Boolean.class)
                .single();
    }
}
