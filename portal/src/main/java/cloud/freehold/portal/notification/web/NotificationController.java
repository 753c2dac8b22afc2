package cloud.freehold.portal.notification.web;

import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.notification.NotificationId;
import cloud.freehold.portal.notification.Notifications;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** What the tenant was told. Each member has read up to where they say so. */
@Controller
@RequestMapping("/t/{tenantSlug}/notifications")
class NotificationController {

    private static final int SHOWN = 50;

    private final Notifications notifications;

    NotificationController(Notifications notifications) {
        this.notifications = notifications;
    }

    @GetMapping
    String list(
            TenantScope scope, @RequestParam(defaultValue = "") String after, HttpServletRequest request, Model model) {
        model.addAttribute(
                "page",
                notifications.page(
                        scope.tenantId(), scope.userId(), after.isEmpty() ? null : NotificationId.of(after), SHOWN));
        return Htmx.of(request).view("notification/notifications", "notification/_notifications :: list");
    }

    /** The bell alone. */
    @GetMapping("/bell")
    String bell(TenantScope scope, Model model) {
        model.addAttribute("unread", notifications.unread(scope.tenantId(), scope.userId()));
        return "notification/_bell :: bell";
    }

    @PostMapping("/read")
    @RequiresRole(Role.VIEWER)
    String read(TenantScope scope) {
        notifications.markRead(scope.tenantId(), scope.userId());
        return "redirect:" + scope.path("/notifications");
    }
}
