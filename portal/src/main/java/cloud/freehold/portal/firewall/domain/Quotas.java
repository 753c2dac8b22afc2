package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.TenantId;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The firewall's limits of a tenant. A limit that is not set is the default. */
@Component
class Quotas {

    enum Limit {
        SECURITY_GROUPS(100, "security groups"),
        RULES_PER_GROUP(1_000, "rules in a security group"),
        ADDRESS_GROUPS(100, "address groups");

        private final long byDefault;
        private final String things;

        Limit(long byDefault, String things) {
            this.byDefault = byDefault;
            this.things = things;
        }
    }

    private final JdbcClient jdbc;

    Quotas(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    long limit(TenantId tenant, Limit limit) {
        return jdbc.sql("SELECT limit_value FROM quota WHERE tenant_id = ? AND resource = ?")
                .params(tenant.value(), limit.name())
                .query(Long.class)
                .optional()
                .orElse(limit.byDefault);
    }

    void require(TenantId tenant, Limit limit, long wanted) {
        long most = limit(tenant, limit);
        if (wanted > most) {
            throw new CapacityException(
                    "quota.exceeded",
                    "This would make " + wanted + " " + limit.things + "; the tenant's quota is " + most
                            + ". Delete what is not needed any more, or ask the provider for a higher quota.");
        }
    }
}
