package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.observed.HostReport;
import cloud.freehold.api.observed.ObservedVm;
import cloud.freehold.portal.audit.ProviderAudit;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.HostPrincipal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Notices a host that speaks of VMs on other hosts: nothing of it is stored, and the provider learns of it. */
@Component
class ForeignReports {

    private static final Duration AUDIT_AGAIN = Duration.ofMinutes(10);

    private final JdbcClient system;
    private final ProviderAudit audit;
    private final Clock clock;
    private final Map<UUID, Instant> audited = new ConcurrentHashMap<>();

    ForeignReports(@SystemAccess JdbcClient system, ProviderAudit audit, Clock clock) {
        this.system = system;
        this.audit = audit;
        this.clock = clock;
    }

    void audit(HostPrincipal host, HostReport report, String sourceIp) {
        UUID[] named = Objects.requireNonNullElse(report.vms(), List.<ObservedVm>of()).stream()
                .filter(vm -> vm.state() != ObservedVm.State.DELETED)
                .map(ObservedVm::id)
                .filter(Objects::nonNull)
                .toArray(UUID[]::new);
        if (named.length == 0) {
            return;
        }
        List<UUID> foreign = system.sql("""
                        select id from vm where id = any (:named) and host_id is distinct from :host limit 20
                        """)
                .param("named", named)
                .param("host", host.id())
                .query(UUID.class)
                .list();
        Instant now = clock.instant();
        Instant before = audited.get(host.id());
        if (!foreign.isEmpty() && (before == null || now.isAfter(before.plus(AUDIT_AGAIN)))) {
            audited.put(host.id(), now);
            audit.record("host.foreign-report", "host", host.name(), Map.of("vms", foreign), sourceIp);
        }
    }
}
