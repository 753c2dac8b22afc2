package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.identity.SignedInUser;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.tenancy.Tenants;
import java.util.List;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** Leads from the bare address to a tenant, and from one tenant to another. */
@Controller
class StartController {

    private final Tenants tenants;

    StartController(Tenants tenants) {
        this.tenants = tenants;
    }

    @GetMapping("/")
    String start(@AuthenticationPrincipal SignedInUser user) {
        List<TenantScope> own = tenants.of(user.id());
        return own.isEmpty() ? "shell/no-tenant" : "redirect:" + own.get(0).path("/");
    }

    /** The tenant stands in the address, so switching is going there; a form because it also works without scripts. */
    @PostMapping("/tenants/switch")
    String change(@AuthenticationPrincipal SignedInUser user, @RequestParam String tenant) {
        return tenants.find(tenant, user.id())
                .map(scope -> "redirect:" + scope.path("/"))
                .orElseThrow(() -> new NotFoundException(
                        "There is no such tenant, or you are no longer a member of it. Choose another one."));
    }
}
