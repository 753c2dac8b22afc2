package cloud.freehold.portal.backup.schedule;

import cloud.freehold.portal.backup.BackupHealth;
import cloud.freehold.portal.backup.VmHealth;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.notification.NewNotification;
import cloud.freehold.portal.notification.NotificationKind;
import cloud.freehold.portal.notification.Notifications;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Tells of VMs whose latest point has become too old: once for each such time. */
@Component
class LateWatch {

    private static final Logger log = LoggerFactory.getLogger(LateWatch.class);

    private final JdbcClient system;
    private final TenantTransaction transactions;
    private final BackupHealth health;
    private final Notifications notifications;

    LateWatch(
            @SystemAccess JdbcClient system,
            TenantTransaction transactions,
            BackupHealth health,
            Notifications notifications) {
        this.system = system;
        this.transactions = transactions;
        this.health = health;
        this.notifications = notifications;
    }

    void look() {
        List<UUID> watched = system.sql("""
                        select distinct tenant_id from backup_policy where enabled and objective_seconds is not null
                        """).query(UUID.class).list();
        for (UUID id : watched) {
            TenantId tenant = new TenantId(id);
            try {
                transactions.run(tenant, () -> look(tenant));
            } catch (RuntimeException e) {
                // Other tenants' watch must not wait for this one.
                log.error("The ages of tenant {}'s recovery points could not be looked at", tenant, e);
            }
        }
    }

    private void look(TenantId tenant) {
        health.all(tenant).stream()
                .filter(vm -> vm.state() == VmHealth.State.LATE)
                .forEach(vm -> notifications.raise(tenant, late(vm)));
    }

    private static NewNotification late(VmHealth vm) {
        Duration objective = Objects.requireNonNull(vm.objective());
        String failed = vm.failure() == null
                ? ""
                : " The last backup failed: " + vm.failure().message();
        return new NewNotification(
                NotificationKind.BACKUP_LATE,
                vm.latest() == null
                        ? vm.name() + " has no recovery point yet"
                        : "The latest recovery point of " + vm.name() + " is too old",
                "It may be " + objective.toHours() + " hours old." + failed,
                "/vms/" + vm.vm() + "/backups",
                "late " + vm.vm() + " " + vm.latest());
    }
}
