package cloud.freehold.portal.tenancy;

import cloud.freehold.portal.common.TenantId;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * One change of a kind at a time for a tenant, so that what was checked (overlaps, names, quotas) still holds when it is
 * saved. Quotas are counted under the same lock everywhere.
 */
@Component
public class TenantLock {

    private final JdbcClient jdbc;

    TenantLock(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public void take(TenantId tenant) {
        jdbc.sql("select id from tenant where id = :tenant for no key update")
                .param("tenant", tenant.value())
                .query(UUID.class)
                .single();
    }
}
