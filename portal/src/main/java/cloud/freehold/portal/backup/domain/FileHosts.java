package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.hostlink.Hosts;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Who looks into a point. */
@Component
class FileHosts {

    private final JdbcClient jdbc;
    private final Stores stores;
    private final Clock clock;

    FileHosts(JdbcClient jdbc, Stores stores, Clock clock) {
        this.jdbc = jdbc;
        this.stores = stores;
        this.clock = clock;
    }

    /**
     * One that reaches the store and was heard of a moment ago: the VM's own, else the first. It is the same one for all folders of a
     * point, because it keeps the guest that has the point open.
     */
    UUID of(TenantId tenant, RecoveryPoint point) {
        UUID only = stores.hostOf(point.storeId());
        return jdbc.sql("""
                        select h.id from host h left join vm v on v.tenant_id = :tenant and v.id = :vm and v.host_id = h.id
                        where h.last_seen_at > :heard and (:any or h.id = :only)
                        order by v.id is null, h.id limit 1
                        """)
                .param("tenant", tenant.value())
                .param("vm", point.vmId().value())
                .param("heard", clock.instant().minus(Hosts.AWAY_AFTER).atOffset(ZoneOffset.UTC))
                .param("any", only == null)
                .param("only", only, java.sql.Types.OTHER)
                .query(UUID.class)
                .optional()
                .orElseThrow(() -> new ConflictException(
                        "files.host-away",
                        "No host that reaches the store " + point.storeName()
                                + " answers right now. Try again in a few minutes; if it stays so, ask the provider."));
    }
}
