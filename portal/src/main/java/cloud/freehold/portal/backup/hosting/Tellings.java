package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.Levels;
import cloud.freehold.portal.notification.NewNotification;
import cloud.freehold.portal.notification.NotificationKind;
import cloud.freehold.portal.notification.Notifications;
import cloud.freehold.portal.operation.HostOrder;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What tenants are told of backups, in the transaction of what happened. */
@Component
class Tellings {

    private final Notifications notifications;

    Tellings(Notifications notifications) {
        this.notifications = notifications;
    }

    void backupFailed(HostOrder order, String message) {
        tell(
                order,
                NotificationKind.BACKUP_FAILED,
                "The backup of " + order.targetName() + " failed",
                message,
                operation(order));
    }

    void weaker(HostOrder order, UUID point, Consistency wanted, Consistency achieved, @Nullable String reason) {
        tell(
                order,
                NotificationKind.BACKUP_WEAKER,
                "The recovery point of " + order.targetName() + " is " + Levels.name(achieved),
                "Wanted was " + Levels.name(wanted) + ". " + (reason == null ? "" : reason),
                "/backups/points/" + point);
    }

    void damaged(HostOrder order, int damages) {
        tell(
                order,
                NotificationKind.POINT_DAMAGED,
                "A verification of " + order.targetName() + " found damage",
                damages + (damages == 1 ? " place is" : " places are")
                        + " not as written. The points that have them say so; restore from others, and tell the provider.",
                "/backups/points");
    }

    void restored(HostOrder order) {
        tell(
                order,
                NotificationKind.RESTORE_DONE,
                "The restore of " + order.targetName() + " is done",
                "All data is there.",
                "/vms/" + order.targetId());
    }

    void restoreFailed(HostOrder order, String message) {
        tell(
                order,
                NotificationKind.RESTORE_FAILED,
                "The restore of " + order.targetName() + " failed",
                message + " What was there before is as it was.",
                operation(order));
    }

    void drillFailed(HostOrder order, String finding) {
        tell(
                order,
                NotificationKind.DRILL_FAILED,
                "The restore drill of " + order.targetName() + " did not pass",
                finding,
                "/backups/drills");
    }

    void drillSlow(HostOrder order, Duration took, Duration objective) {
        tell(
                order,
                NotificationKind.DRILL_SLOW,
                "The restore drill of " + order.targetName() + " took too long",
                "It took " + took.toSeconds() + " s and may take " + objective.toSeconds() + " s.",
                "/backups/drills");
    }

    private static String operation(HostOrder order) {
        return "/operations/" + order.id();
    }

    /** An order that is answered twice is told of once. */
    private void tell(HostOrder order, NotificationKind kind, String title, String message, String path) {
        notifications.raiseAsSystem(
                order.tenant(), new NewNotification(kind, title, message, path, kind.code() + " " + order.id()));
    }
}
