package cloud.freehold.portal.shell;

import cloud.freehold.portal.identity.SignedInUser;
import cloud.freehold.portal.notification.Notifications;
import cloud.freehold.portal.shell.ShellModel.TenantChoice;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.tenancy.Tenants;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.thymeleaf.context.LazyContextVariable;

/** Puts {@code shell}, {@code scope}, {@code unread}, {@code made} (when it was begun) and {@code requestId} into the model of every page. */
@ControllerAdvice(annotations = Controller.class)
class ShellAdvice {

    private final Tenants tenants;
    private final Notifications notifications;
    private final Clock clock;

    ShellAdvice(Tenants tenants, Notifications notifications, Clock clock) {
        this.tenants = tenants;
        this.notifications = notifications;
        this.clock = clock;
    }

    @ModelAttribute
    void frame(HttpServletRequest request, @AuthenticationPrincipal @Nullable SignedInUser user, Model model) {
        // Before anything is read that the page shows.
        model.addAttribute("made", clock.millis());
        model.addAttribute("requestId", request.getAttribute("requestId"));
        TenantScope scope = (TenantScope) request.getAttribute("scope");
        model.addAttribute("scope", scope);
        if (user != null && !request.getRequestURI().startsWith("/api/")) {
            model.addAttribute("shell", onlyWhenShown(() -> shell(user, scope)));
            if (scope != null) {
                model.addAttribute("unread", onlyWhenShown(() -> notifications.unread(scope.tenantId(), user.id())));
            }
        }
    }

    /** Parts of pages, redirects and downloads have no frame and need not wait for it. */
    private static <T> LazyContextVariable<T> onlyWhenShown(Supplier<T> value) {
        return new LazyContextVariable<>() {
            @Override
            protected T loadValue() {
                return value.get();
            }
        };
    }

    private ShellModel shell(SignedInUser user, @Nullable TenantScope scope) {
        List<TenantScope> all = tenants.of(user.id());
        return new ShellModel(
                scope == null ? "Freehold" : scope.name(),
                scope == null ? "" : scope.role().label(),
                scope == null ? "" : scope.path(""),
                user.displayName(),
                user.email(),
                all.stream()
                        .map(tenant -> TenantChoice.of(
                                tenant, scope != null && tenant.slug().equals(scope.slug())))
                        .toList());
    }
}
