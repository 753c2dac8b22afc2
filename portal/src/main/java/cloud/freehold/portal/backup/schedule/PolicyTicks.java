package cloud.freehold.portal.backup.schedule;

import cloud.freehold.portal.backup.Policies;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.PolicySettings;
import cloud.freehold.portal.backup.Upkeep.Check;
import cloud.freehold.portal.backup.domain.LatestPoints;
import cloud.freehold.portal.backup.domain.PolicyRows;
import cloud.freehold.portal.backup.domain.PolicyRuns;
import cloud.freehold.portal.backup.domain.Tick;
import cloud.freehold.portal.backup.domain.UpkeepOrdering;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.notification.NewNotification;
import cloud.freehold.portal.notification.NotificationKind;
import cloud.freehold.portal.notification.Notifications;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Does what is due of a policy. The moment that is served is stored in the same transaction as what is begun for it, so a
 * portal that dies or a second one that comes along does it neither twice nor not at all.
 */
@Component
class PolicyTicks {

    private static final Logger log = LoggerFactory.getLogger(PolicyTicks.class);

    private final JdbcClient system;
    private final TenantTransaction transactions;
    private final PolicyRows rows;
    private final PolicyRuns runs;
    private final UpkeepOrdering upkeep;
    private final LatestPoints latest;
    private final Notifications notifications;
    private final Clock clock;

    PolicyTicks(
            @SystemAccess JdbcClient system,
            TenantTransaction transactions,
            PolicyRows rows,
            PolicyRuns runs,
            UpkeepOrdering upkeep,
            LatestPoints latest,
            Notifications notifications,
            Clock clock) {
        this.system = system;
        this.transactions = transactions;
        this.rows = rows;
        this.runs = runs;
        this.upkeep = upkeep;
        this.latest = latest;
        this.notifications = notifications;
        this.clock = clock;
    }

    /** @return when it is due next; empty: the policy is gone, paused, or does not do that */
    Optional<Instant> serve(PolicyId id, Tick tick) {
        return tenant(id).flatMap(tenant -> transactions.call(tenant, () -> serve(tenant, id, tick)));
    }

    Optional<Instant> next(PolicyId id, Tick tick) {
        return tenant(id)
                .flatMap(tenant ->
                        transactions.read(tenant, () -> rows.find(tenant, id).flatMap(tick::next)));
    }

    private Optional<TenantId> tenant(PolicyId id) {
        return system.sql("select tenant_id from backup_policy where id = :id")
                .param("id", id.value())
                .query((row, number) -> new TenantId(row.getObject("tenant_id", UUID.class)))
                .optional();
    }

    private Optional<Instant> serve(TenantId tenant, PolicyId id, Tick tick) {
        Optional<PolicyRows.Row> policy = rows.lock(tenant, id);
        if (policy.isEmpty()) {
            return Optional.empty();
        }
        Optional<Instant> due = tick.due(policy.get(), clock.instant());
        due.ifPresent(moment -> {
            rows.served(tenant, id, tick, moment);
            Policies.Run run = begin(tenant, policy.get(), tick);
            run.refused().forEach((vm, reason) -> tell(tenant, policy.get(), tick, moment, vm, reason));
            log.info(
                    "Policy {} of tenant {}: {} for {}, {} begun, {} refused",
                    id,
                    tenant,
                    tick,
                    moment,
                    run.started(),
                    run.refused().size());
        });
        return rows.find(tenant, id).flatMap(tick::next);
    }

    private void tell(TenantId tenant, PolicyRows.Row policy, Tick tick, Instant moment, String vm, String reason) {
        notifications.raise(
                tenant,
                new NewNotification(
                        NotificationKind.BACKUP_LEFT_OUT,
                        "Policy " + policy.settings().name() + " left out " + vm,
                        reason,
                        "/backups/policies/" + policy.id(),
                        tick + " " + policy.id() + " " + moment + " " + vm));
    }

    private Policies.Run begin(TenantId tenant, PolicyRows.Row policy, Tick tick) {
        return switch (tick) {
            case BACKUP -> runs.run(tenant, policy);
            case VERIFY -> new Policies.Run(upkeep.verify(tenant, policy).isPresent() ? 1 : 0, Map.of());
            case DRILL -> drill(tenant, policy);
        };
    }

    private Policies.Run drill(TenantId tenant, PolicyRows.Row policy) {
        PolicySettings settings = policy.settings();
        Check check = settings.drillPort() == null ? null : new Check(settings.drillPort(), settings.drillPath());
        Map<String, String> refused = new LinkedHashMap<>();
        int[] started = {0};
        latest.of(tenant, policy.id()).forEach(point -> {
            try {
                upkeep.drill(tenant, point, check, settings.recoveryObjective(), policy.id(), null);
                started[0]++;
            } catch (FreeholdException e) {
                refused.put(point.vmName(), Objects.requireNonNullElse(e.getMessage(), e.title()));
            }
        });
        return new Policies.Run(started[0], refused);
    }
}
