package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.backup.Upkeep;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** What a tenant may ask of a store: to clean up after it. */
@Controller
@RequestMapping("/t/{tenantSlug}/backups/stores/{storeId}")
class StoreController {

    private final Upkeep upkeep;

    StoreController(Upkeep upkeep) {
        this.upkeep = upkeep;
    }

    @PostMapping("/collect")
    @RequiresRole(Role.OPERATOR)
    String collect(TenantScope scope, @PathVariable String storeId, RedirectAttributes redirect) {
        Operation operation = upkeep.collect(scope.tenantId(), StoreId.of(storeId));
        redirect.addFlashAttribute("notice", "The clean-up has begun.");
        return "redirect:" + scope.path("/operations/" + operation.id());
    }
}
