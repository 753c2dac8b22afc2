package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.network.ExternalNetwork;
import cloud.freehold.portal.network.ExternalNetworkId;
import cloud.freehold.portal.network.FloatingIps.Use;
import cloud.freehold.portal.network.RouterId;
import java.sql.Types;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Takes addresses from external networks, within the tenant's quota. Whoever calls holds the tenant's lock. */
@Component
class PublicAddresses {

    private static final long USUAL_LIMIT = 10;

    private final JdbcClient jdbc;
    private final Uuid7 ids;
    private final Clock clock;

    PublicAddresses(JdbcClient jdbc, Uuid7 ids, Clock clock) {
        this.jdbc = jdbc;
        this.ids = ids;
        this.clock = clock;
    }

    List<ExternalNetwork> networks() {
        return jdbc.sql("select id, name, prefix::text as prefix from external_network order by name")
                .query((row, number) -> new ExternalNetwork(
                        new ExternalNetworkId(row.getObject("id", UUID.class)),
                        row.getString("name"),
                        row.getString("prefix")))
                .list();
    }

    Use use(TenantId tenant) {
        return jdbc.sql("""
                        select (select count(*) from public_address where tenant_id = :tenant) as used,
                               coalesce((select limit_value from quota
                                         where tenant_id = :tenant and resource = 'PUBLIC_ADDRESSES'), :usual) as most
                        """)
                .param("tenant", tenant.value())
                .param("usual", USUAL_LIMIT)
                .query((row, number) -> new Use(row.getLong("used"), row.getLong("most")))
                .single();
    }

    /** @param router whose NICs share it; null: a floating IP */
    UUID take(TenantId tenant, ExternalNetwork network, @Nullable RouterId router) {
        Use use = use(tenant);
        if (use.used() >= use.limit()) {
            throw new CapacityException(
                    "quota.exceeded",
                    "Your quota of " + use.limit() + " public addresses is used up; addresses that routers share out"
                            + " count, too. Release one that you no longer need, or ask the provider for a higher quota.");
        }
        UUID id = ids.next();
        String address = jdbc.sql("select host(take_public_address(:id, :network, :router, :now))")
                .param("id", id)
                .param("network", network.id().value())
                .param("router", router == null ? null : router.value(), Types.OTHER)
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .query((row, number) -> Optional.ofNullable(row.getString(1)))
                .single()
                .orElse(null);
        if (address == null) {
            throw new CapacityException(
                    "external-network.full",
                    "Every public address of " + network.name() + " is taken. Ask the provider for more, or use another"
                            + " external network.");
        }
        return id;
    }
}
