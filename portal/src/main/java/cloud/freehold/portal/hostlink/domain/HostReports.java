package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.observed.HostFacts;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.HostPrincipal;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/**
 * Takes in what a host says of itself. Whatever it names, only rows of what is placed on this very host change. Reports
 * of one host are taken one after another; the host's own row is locked last, as everywhere.
 */
@Component
public class HostReports {

    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final ObservedVms vms;
    private final ObservedNics nics;
    private final ObservedTraffic traffic;
    private final ObservedHits hits;
    private final ObservedDrops drops;
    private final ReportedOperations operations;
    private final ForeignReports foreign;
    private final HostTunnels tunnels;
    private final LiveEvents live;
    private final HostLinkProperties properties;
    private final JsonMapper json;
    private final Clock clock;

    HostReports(
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate transaction,
            ObservedVms vms,
            ObservedNics nics,
            ObservedTraffic traffic,
            ObservedHits hits,
            ObservedDrops drops,
            ReportedOperations operations,
            ForeignReports foreign,
            HostTunnels tunnels,
            LiveEvents live,
            HostLinkProperties properties,
            JsonMapper json,
            Clock clock) {
        this.system = system;
        this.transaction = transaction;
        this.vms = vms;
        this.nics = nics;
        this.traffic = traffic;
        this.hits = hits;
        this.drops = drops;
        this.operations = operations;
        this.foreign = foreign;
        this.tunnels = tunnels;
        this.live = live;
        this.properties = properties;
        this.json = json;
        this.clock = clock;
    }

    /** What changed for whom, to tell their pages. */
    static final class Changes {

        private final Map<UUID, Set<LiveTopic>> byTenant = new TreeMap<>();

        void add(Iterable<UUID> tenants, LiveTopic topic) {
            tenants.forEach(tenant -> byTenant.computeIfAbsent(tenant, id -> EnumSet.noneOf(LiveTopic.class))
                    .add(topic));
        }
    }

    private record Before(
            UUID epoch,
            long desired,
            long applied,
            @Nullable UUID boot,
            long sequence,
            @Nullable OffsetDateTime seen) {}

    public void store(HostPrincipal host, HostReport report, String sourceIp) {
        boolean news = Boolean.TRUE.equals(transaction.execute(status -> {
            Before before = lock(host.id());
            if (report.agentBoot().equals(before.boot()) && report.sequence() <= before.sequence()) {
                return false;
            }
            OffsetDateTime now = clock.instant().atOffset(ZoneOffset.UTC);
            Changes changes = new Changes();
            vms.store(host.id(), report, now, changes);
            nics.store(host.id(), report, now, changes);
            traffic.store(host.id(), report, now);
            hits.store(host.id(), report, changes);
            drops.store(host.id(), report, now, changes);
            operations.observe(host, report);
            apply(host.id(), before, report, now, changes);
            changes.byTenant.forEach(
                    (tenant, topics) -> live.publishAsSystem(new TenantId(tenant), topics.toArray(LiveTopic[]::new)));
            return true;
        }));
        if (news) {
            tunnels.observe(host.id(), report.facts());
        }
        foreign.audit(host, report, sourceIp);
    }

    private Before lock(UUID hostId) {
        system.sql("select pg_advisory_xact_lock(hashtextextended('report:' || :host::text, 0))")
                .param("host", hostId)
                .query((row, number) -> number)
                .list();
        return system.sql("""
                        select epoch, desired_revision, applied_revision, agent_boot, report_sequence, last_seen_at
                        from host where id = :host
                        """)
                .param("host", hostId)
                .query((row, number) -> new Before(
                        row.getObject("epoch", UUID.class),
                        row.getLong("desired_revision"),
                        row.getLong("applied_revision"),
                        row.getObject("agent_boot", UUID.class),
                        row.getLong("report_sequence"),
                        row.getObject("last_seen_at", OffsetDateTime.class)))
                .single();
    }

    private void apply(UUID hostId, Before before, HostReport report, OffsetDateTime now, Changes changes) {
        // A host cannot have applied what it was never told; what it says of another epoch means nothing here.
        long applied = !before.epoch().equals(report.appliedEpoch())
                ? 0
                : Math.max(0, Math.min(report.appliedRevision(), before.desired()));
        if (applied != before.applied()) {
            changes.add(tenantsBetween(hostId, before.applied(), applied), LiveTopic.NICS);
        }
        if (before.seen() == null || before.seen().isBefore(now.minus(HostPresence.AWAY_AFTER))) {
            List<UUID> all = tenantsOf(hostId);
            changes.add(all, LiveTopic.VMS);
            changes.add(all, LiveTopic.NICS);
        }
        HostFacts facts = report.facts();
        system.sql("""
                        update host set applied_revision = :applied,
                               applied_at = case when applied_revision = :applied then applied_at else :now end,
                               last_seen_at = :now, agent_boot = :boot, report_sequence = :sequence,
                               facts = coalesce(:facts::jsonb, facts),
                               capacity_vcpus = coalesce(:vcpus, capacity_vcpus),
                               capacity_memory_mib = coalesce(:memory, capacity_memory_mib)
                        where id = :host
                        """)
                .param("applied", applied)
                .param("now", now)
                .param("boot", report.agentBoot())
                .param("sequence", report.sequence())
                .param("facts", facts == null ? null : json.writeValueAsString(facts), java.sql.Types.VARCHAR)
                .param(
                        "vcpus",
                        facts == null ? null : Math.max(0, facts.cpus()) * properties.vcpusPerCpu(),
                        java.sql.Types.INTEGER)
                .param(
                        "memory",
                        facts == null ? null : (long) (Math.max(0, facts.memoryMib()) * properties.memoryShare()),
                        java.sql.Types.BIGINT)
                .param("host", hostId)
                .update();
        // Both times are the database's, so that their difference means something.
        system.sql("""
                        update enforcement set applied_at = clock_timestamp()
                        where host_id = :host and revision <= :applied and applied_at is null
                        """).param("host", hostId).param("applied", applied).update();
    }

    private List<UUID> tenantsBetween(UUID hostId, long one, long other) {
        return system.sql("""
                        select distinct tenant_id from host_object
                        where host_id = :host and revision > :low and revision <= :high and tenant_id is not null
                        """)
                .param("host", hostId)
                .param("low", Math.min(one, other))
                .param("high", Math.max(one, other))
                .query(UUID.class)
                .list();
    }

    private List<UUID> tenantsOf(UUID hostId) {
        return system.sql("select distinct tenant_id from vm where host_id = :host")
                .param("host", hostId)
                .query(UUID.class)
                .list();
    }

    static String array(JsonMapper json, @Nullable List<?> items) {
        return json.writeValueAsString(Objects.requireNonNullElse(items, List.of()));
    }
}
