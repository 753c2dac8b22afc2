package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.common.TenantId;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * One change of a tenant's networking at a time, so that what was checked (overlaps, names, quotas) still holds when it is
 * saved. Quotas are counted under the same lock everywhere.
 */
@Component
class TenantLock {

    private final JdbcClient jdbc;

    TenantLock(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    void take(TenantId tenant) {
        jdbc.sql("select id from tenant where id = :tenant for no key update")
                .param("tenant", tenant.value())
                .query(UUID.class)
                .single();
    }
}
