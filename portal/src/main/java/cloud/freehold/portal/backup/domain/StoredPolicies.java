package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.backup.Policies;
import cloud.freehold.portal.backup.Policy;
import cloud.freehold.portal.backup.Policy.Covered;
import cloud.freehold.portal.backup.PolicyChanged;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.PolicySettings;
import cloud.freehold.portal.backup.Retention;
import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.StaleVersionException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Each command: one transaction with the change and its audit event; the scheduler hears of it when it is committed. */
@Component
@Transactional
class StoredPolicies implements Policies {

    private static final int SHOWN_RUNS = 5;

    private final JdbcClient jdbc;
    private final PolicyRows rows;
    private final CoveredVms covered;
    private final PolicyRuns runs;
    private final PolicyChecks checks;
    private final Vms vms;
    private final AuditTrail audit;
    private final ActorSource actors;
    private final LiveEvents live;
    private final ApplicationEventPublisher events;
    private final Uuid7 ids;
    private final Clock clock;

    StoredPolicies(
            JdbcClient jdbc,
            PolicyRows rows,
            CoveredVms covered,
            PolicyRuns runs,
            PolicyChecks checks,
            Vms vms,
            AuditTrail audit,
            ActorSource actors,
            LiveEvents live,
            ApplicationEventPublisher events,
            Uuid7 ids,
            Clock clock) {
        this.jdbc = jdbc;
        this.rows = rows;
        this.covered = covered;
        this.runs = runs;
        this.checks = checks;
        this.vms = vms;
        this.audit = audit;
        this.actors = actors;
        this.live = live;
        this.events = events;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    @Transactional(readOnly = true)
    public List<Policy> list(TenantId tenant) {
        List<CoveredVms.Row> all = covered.of(tenant, null);
        return rows.list(tenant).stream().map(row -> policy(row, all)).toList();
    }

    @Override
    @Transactional(readOnly = true)
    public Policy get(TenantId tenant, PolicyId id) {
        return policy(rows.get(tenant, id), covered.of(tenant, id));
    }

    private Policy policy(PolicyRows.Row row, List<CoveredVms.Row> all) {
        Instant now = clock.instant();
        Duration objective = row.settings().objective();
        return new Policy(
                row.id(),
                row.settings(),
                row.storeName(),
                all.stream()
                        .filter(each -> each.policy().equals(row.id()))
                        .map(each -> new Covered(
                                each.vm(), each.name(), each.latest(), each.points(), isLate(each, objective, now)))
                        .toList(),
                row.settings().enabled() ? row.settings().schedule().next(now, row.zone(), SHOWN_RUNS) : List.of(),
                row.lastRun(),
                row.version());
    }

    /** A VM without a point is late once it is itself older than its latest point may be. */
    private static boolean isLate(CoveredVms.Row vm, @Nullable Duration objective, Instant now) {
        Instant since = vm.latest() == null ? vm.createdAt() : vm.latest();
        return objective != null && since.plus(objective).isBefore(now);
    }

    @Override
    public PolicyId create(TenantId tenant, PolicySettings settings) {
        PolicySettings checked = checks.check(tenant, settings, null);
        PolicyId id = new PolicyId(ids.next());
        rows.insert(tenant, id, checked);
        changed(
                tenant,
                id,
                AuditEntry.of("backup-policy.created", "backup-policy", id.value(), checked.name())
                        .after(checked));
        return id;
    }

    @Override
    public void change(TenantId tenant, PolicyId id, PolicySettings settings, @Nullable Long expectedVersion) {
        PolicyRows.Row before = lock(tenant, id, expectedVersion);
        PolicySettings checked = checks.check(tenant, settings, before);
        rows.update(tenant, id, checked);
        changed(
                tenant,
                id,
                AuditEntry.of("backup-policy.changed", "backup-policy", id.value(), checked.name())
                        .before(before.settings())
                        .after(checked));
    }

    @Override
    public void delete(TenantId tenant, PolicyId id, @Nullable Long expectedVersion) {
        PolicyRows.Row before = lock(tenant, id, expectedVersion);
        rows.delete(tenant, id);
        changed(
                tenant,
                id,
                AuditEntry.of(
                                "backup-policy.deleted",
                                "backup-policy",
                                id.value(),
                                before.settings().name())
                        .before(before.settings()));
    }

    @Override
    public Run runNow(TenantId tenant, PolicyId id) {
        PolicyRows.Row policy = rows.get(tenant, id);
        Run run = runs.run(tenant, policy);
        if (run.started() == 0 && run.refused().isEmpty()) {
            throw new InvalidInputException(
                    "backup.policy-covers-nothing",
                    "No VM has a label of this policy. Give a VM one of its labels, or let it cover all VMs.");
        }
        return run;
    }

    @Override
    @Transactional(readOnly = true)
    public List<Preview> preview(TenantId tenant, PolicyId id, Retention retention) {
        PolicyRows.Row policy = rows.get(tenant, id);
        PolicyChecks.check(retention);
        return Pruning.judge(jdbc, tenant, id, null, retention, policy.zone());
    }

    @Override
    public int prune(TenantId tenant, PolicyId id) {
        PolicyRows.Row policy = rows.get(tenant, id);
        List<Preview> previews =
                Pruning.judge(jdbc, tenant, id, null, policy.settings().retention(), policy.zone());
        int removed = Pruning.remove(jdbc, tenant, previews, actors.current().name(), clock.instant());
        live.publish(tenant, LiveTopic.BACKUPS);
        audit.record(
                tenant,
                AuditEntry.of(
                                "backup-policy.pruned",
                                "backup-policy",
                                id.value(),
                                policy.settings().name())
                        .after(Map.of("removed", removed)));
        return removed;
    }

    @Override
    @Transactional(readOnly = true)
    public Map<VmId, Set<String>> labels(TenantId tenant) {
        Map<VmId, Set<String>> labels =
                new TreeMap<>((one, other) -> one.value().compareTo(other.value()));
        jdbc.sql("select vm_id, label from vm_label where tenant_id = :tenant")
                .param("tenant", tenant.value())
                .query(row -> {
                    labels.computeIfAbsent(new VmId(row.getObject("vm_id", UUID.class)), vm -> new TreeSet<>())
                            .add(row.getString("label"));
                });
        return labels;
    }

    @Override
    public void label(TenantId tenant, VmId vm, Set<String> wanted) {
        List<String> checked = Labels.check(wanted);
        String name = vms.get(tenant, vm).name();
        Set<String> before = labels(tenant).getOrDefault(vm, Set.of());
        jdbc.sql("delete from vm_label where tenant_id = :tenant and vm_id = :vm")
                .param("tenant", tenant.value())
                .param("vm", vm.value())
                .update();
        for (String label : checked) {
            jdbc.sql("insert into vm_label (tenant_id, vm_id, label) values (:tenant, :vm, :label)")
                    .param("tenant", tenant.value())
                    .param("vm", vm.value())
                    .param("label", label)
                    .update();
        }
        live.publish(tenant, LiveTopic.BACKUPS, LiveTopic.VMS);
        audit.record(
                tenant,
                AuditEntry.of("vm.labelled", "vm", vm.value(), name)
                        .before(Map.of("labels", before))
                        .after(Map.of("labels", checked)));
    }

    private PolicyRows.Row lock(TenantId tenant, PolicyId id, @Nullable Long expectedVersion) {
        PolicyRows.Row row = rows.lock(tenant, id)
                .orElseThrow(() -> new NotFoundException(
                        "There is no such policy. Go to Backups, Policies and pick one from the list."));
        StaleVersionException.check("policy", expectedVersion, row.version());
        return row;
    }

    private void changed(TenantId tenant, PolicyId id, AuditEntry entry) {
        live.publish(tenant, LiveTopic.BACKUPS);
        audit.record(tenant, entry);
        events.publishEvent(new PolicyChanged(tenant, id));
    }
}
