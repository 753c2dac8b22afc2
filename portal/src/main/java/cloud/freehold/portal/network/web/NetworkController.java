package cloud.freehold.portal.network.web;

import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** Networks. */
@Controller
@RequestMapping("/t/{tenantSlug}/networks")
class NetworkController {

    private final Networks networks;

    NetworkController(Networks networks) {
        this.networks = networks;
    }

    @GetMapping
    String list(TenantScope scope, Model model) {
        model.addAttribute("form", new NetworkForm("", "", ""));
        return page(scope, model);
    }

    private String page(TenantScope scope, Model model) {
        model.addAttribute("networks", networks.list(scope.tenantId()));
        return "network/networks";
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    String create(
            TenantScope scope,
            @ModelAttribute("form") NetworkForm form,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        if (!binding.hasErrors()) {
            try {
                networks.create(scope.tenantId(), form.toCommand());
                redirect.addFlashAttribute("notice", "Network " + form.name() + " is there.");
                return "redirect:" + scope.path("/networks");
            } catch (InvalidInputException | CapacityException problem) {
                FormErrors.add(binding, (FreeholdException) problem);
            }
        }
        response.setStatus(422);
        return page(scope, model);
    }

    @PostMapping("/{networkId}/delete")
    @RequiresRole(Role.OPERATOR)
    String delete(TenantScope scope, @PathVariable String networkId, RedirectAttributes redirect) {
        networks.delete(scope.tenantId(), NetworkId.of(networkId));
        redirect.addFlashAttribute("notice", "The network is deleted.");
        return "redirect:" + scope.path("/networks");
    }
}
