package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.observed.HostFacts;
import cloud.freehold.api.observed.HostFacts.Tunnel;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import java.sql.Types;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Where each host's tunnels to the others end, as it says itself. What a host says leads nobody's packets astray but
 * those of its own NICs: others send there what is for those alone, and nobody can claim an address that another has.
 * A change locks and tells every host, so one that cannot decide is followed at a limited {@link Pace}.
 */
@Component
class HostTunnels {

    private static final Logger log = LoggerFactory.getLogger(HostTunnels.class);

    private static final int CHANGES_IN_A_ROW = 5;
    private static final Duration AGAIN = Duration.ofMinutes(1);

    private static final Pattern GATEWAY = Pattern.compile(Addresses.IPV4);
    private static final Pattern ADDRESS = Pattern.compile(Addresses.IPV4 + "/([89]|[12][0-9]|30)");
    private static final Pattern DEVICE = Pattern.compile("[!-~&&[^/]]{1,15}");

    private final JdbcClient system;
    private final Uuid7 ids;
    private final Pace changes;
    private final Pace warnings;
    /** Ends that came too soon after others. */
    private final ConcurrentMap<UUID, Optional<Tunnel>> waiting = new ConcurrentHashMap<>();

    HostTunnels(@SystemAccess JdbcClient system, Uuid7 ids, Clock clock) {
        this.system = system;
        this.ids = ids;
        this.changes = new Pace(CHANGES_IN_A_ROW, AGAIN, clock);
        this.warnings = new Pace(1, AGAIN, clock);
    }

    /**
     * After a report was stored; the locks that a change takes are many, so it is a transaction of its own.
     *
     * @param facts null when the report says that nothing of them changed
     */
    void observe(UUID host, @Nullable HostFacts facts) {
        var earlier = waiting.get(host);
        if (facts != null) {
            follow(host, facts.tunnel());
        } else if (earlier != null) {
            follow(host, earlier.orElse(null));
        }
    }

    private void follow(UUID host, @Nullable Tunnel told) {
        waiting.remove(host);
        if (Objects.equals(told, stored(host))) {
            return;
        }
        if (told != null && !makesSense(told)) {
            warn(host, told, "it makes no sense");
        } else if (told != null && isTaken(host, told)) {
            warn(host, told, "another host has this address");
        } else if (!changes.allows(host)) {
            waiting.put(host, Optional.ofNullable(told));
            warn(host, told, "it changes too often, and is looked at again within a minute");
        } else if (!set(host, told)) {
            warn(host, told, "another host has this address");
        }
    }

    private void warn(UUID host, @Nullable Tunnel told, String why) {
        if (warnings.allows(host)) {
            log.warn("The tunnel end {} of host {} is not used: {}", told, host, why);
        }
    }

    private static boolean makesSense(Tunnel told) {
        return told.device() != null
                && DEVICE.matcher(told.device()).matches()
                && told.address() != null
                && ADDRESS.matcher(told.address()).matches()
                && told.vlan() >= 0
                && told.vlan() <= 4094
                && (told.gateway() == null || isOnLink(told.gateway(), told.address()));
    }

    private static boolean isOnLink(String gateway, String address) {
        String[] parts = address.split("/", 2);
        int shift = 32 - Integer.parseInt(parts[1]);
        return GATEWAY.matcher(gateway).matches() && number(gateway) >>> shift == number(parts[0]) >>> shift;
    }

    private static int number(String address) {
        int number = 0;
        for (String octet : address.split("\\.")) {
            number = number << 8 | Integer.parseInt(octet);
        }
        return number;
    }

    private @Nullable Tunnel stored(UUID host) {
        return system.sql("""
                        select u.device, u.tunnel_address::text as address, host(u.tunnel_gateway) as gateway, u.tunnel_vlan
                        from uplink u join host h on h.name = u.host_name and h.id = :host
                        where u.tunnel_address is not null
                        """)
                .param("host", host)
                .query((row, number) -> new Tunnel(
                        row.getString("device"),
                        row.getString("address"),
                        row.getString("gateway"),
                        row.getInt("tunnel_vlan")))
                .optional()
                .orElse(null);
    }

    private boolean isTaken(UUID host, Tunnel told) {
        return system.sql("""
                        select exists (select from uplink u join host h on h.name = u.host_name and h.id <> :host
                                       where host(u.tunnel_address) = host(:address::inet))
                        """)
                .param("host", host)
                .param("address", told.address())
                .query(Boolean.class)
                .single();
    }

    private boolean set(UUID host, @Nullable Tunnel told) {
        return system.sql("select set_host_tunnel(:host, :spare, :device, :address::inet, :gateway::inet, :vlan)")
                .param("host", host)
                .param("spare", ids.next())
                .param("device", told == null ? null : told.device(), Types.VARCHAR)
                .param("address", told == null ? null : told.address(), Types.VARCHAR)
                .param("gateway", told == null ? null : told.gateway(), Types.VARCHAR)
                .param("vlan", told == null ? 0 : told.vlan())
                .query(Boolean.class)
                .single();
    }
}
