package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.Hosts;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Notices hosts that have gone silent, gives waiting VMs a host, and forgets what nobody asks for any more. */
@Component
class HostPresence {

    static final Duration AWAY_AFTER = Hosts.AWAY_AFTER;

    private static final Duration REMEMBERED = Duration.ofDays(1);
    private static final Duration CURVES_REACH_BACK = Duration.ofDays(2);

    private final JdbcClient system;
    private final LiveEvents live;
    private final Clock clock;
    private Set<UUID> away = Set.of();

    HostPresence(@SystemAccess JdbcClient system, LiveEvents live, Clock clock) {
        this.system = system;
        this.live = live;
        this.clock = clock;
    }

    @Scheduled(fixedDelayString = "PT5S")
    synchronized void lookForSilentHosts() {
        Set<UUID> silent = new TreeSet<>(system.sql("select id from host where last_seen_at < :limit")
                .param("limit", now().minus(AWAY_AFTER))
                .query(UUID.class)
                .list());
        List<UUID> newlySilent =
                silent.stream().filter(host -> !away.contains(host)).toList();
        away = silent;
        if (!newlySilent.isEmpty()) {
            system.sql("select distinct tenant_id from vm where host_id = any (:hosts)")
                    .param("hosts", newlySilent.toArray(UUID[]::new))
                    .query(UUID.class)
                    .list()
                    .forEach(tenant -> live.publishAsSystem(new TenantId(tenant), LiveTopic.VMS, LiveTopic.NICS));
        }
    }

    @Scheduled(fixedDelayString = "PT1H")
    void forget() {
        system.sql("delete from enforcement where committed_at < :limit and applied_at is not null")
                .param("limit", now().minus(REMEMBERED))
                .update();
        // A host that asks for less than it has applied is told everything, so it needs no list of what is gone.
        system.sql("""
                        delete from host_object o using host h
                        where h.id = o.host_id and o.removed and o.revision <= h.applied_revision
                        """).update();
        system.sql("delete from rule_hits_hour where hour < :limit")
                .param("limit", now().minus(CURVES_REACH_BACK))
                .update();
        system.sql("delete from host_enrolment_token where expires_at < :limit")
                .param("limit", now().minus(REMEMBERED))
                .update();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
