package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.CutPreview;
import cloud.freehold.portal.firewall.domain.LiveCuts;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;

/** What the draft would cut, fetched by the bar at the foot of the editor once it is shown. */
@Controller
class CutPreviewController {

    private final CutPreview preview;

    CutPreviewController(CutPreview preview) {
        this.preview = preview;
    }

    @GetMapping("/t/{tenantSlug}/firewall/groups/{groupId}/draft/cuts")
    @RequiresRole(Role.OPERATOR)
    String cuts(TenantScope scope, @PathVariable String groupId, Model model) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        model.addAttribute("scope", scope);
        model.addAttribute("base", scope.path("/firewall/groups/" + id));
        model.addAttribute(
                "cuts", preview.ofDraft(scope.tenantId(), scope.userId(), id).orElse(LiveCuts.NONE));
        return "firewall/_cuts :: bar";
    }
}
