package cloud.freehold.portal.backup.hosting;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UnavailableException;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.secrets.Secrets;
import cloud.freehold.portal.secrets.Wrapped;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The key of each tenant's points, in the current transaction of the system's data source. */
@Component
class TenantKeys {

    private static final int BYTES = 32;

    private final JdbcClient system;
    private final Secrets secrets;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();

    TenantKeys(@SystemAccess JdbcClient system, Secrets secrets, Clock clock) {
        this.system = system;
        this.secrets = secrets;
        this.clock = clock;
    }

    /** Lower-case hex; made when the tenant has none, for which it must not have any point yet. */
    String provide(TenantId tenant) {
        Optional<String> key = find(tenant);
        if (key.isPresent()) {
            return key.get();
        }
        boolean hasPoints = system.sql("select exists (select from recovery_point where tenant_id = :tenant)")
                .param("tenant", tenant.value())
                .query(Boolean.class)
                .single();
        if (hasPoints) {
            throw lost();
        }
        byte[] fresh = new byte[BYTES];
        random.nextBytes(fresh);
        Wrapped wrapped = secrets.wrap(fresh, purpose(tenant));
        system.sql("""
                        insert into backup_key (tenant_id, wrapped, wrapped_by, created_at)
                        values (:tenant, :wrapped, :by, :now) on conflict do nothing
                        """)
                .param("tenant", tenant.value())
                .param("wrapped", wrapped.bytes())
                .param("by", wrapped.by())
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .update();
        return find(tenant).orElseThrow(TenantKeys::lost);
    }

    String get(TenantId tenant) {
        return find(tenant).orElseThrow(TenantKeys::lost);
    }

    private Optional<String> find(TenantId tenant) {
        return system.sql("select wrapped, wrapped_by from backup_key where tenant_id = :tenant")
                .param("tenant", tenant.value())
                .query((row, number) -> new Wrapped(row.getBytes("wrapped"), row.getString("wrapped_by")))
                .optional()
                .map(wrapped -> HexFormat.of().formatHex(secrets.unwrap(wrapped, purpose(tenant))));
    }

    static String purpose(TenantId tenant) {
        return "backup-key " + tenant;
    }

    private static UnavailableException lost() {
        return new UnavailableException(
                "backup.key-lost",
                "The key of this tenant's recovery points is not there. The provider has to restore it from a copy of the"
                        + " database.");
    }
}
