package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** The list of VMs and the form for a new one. */
@Controller
@RequestMapping("/t/{tenantSlug}/vms")
class VmListController {

    private final Vms vms;
    private final NewVmChoices choices;

    VmListController(Vms vms, NewVmChoices choices) {
        this.vms = vms;
        this.choices = choices;
    }

    @GetMapping
    String list(TenantScope scope, HttpServletRequest request, Model model) {
        model.addAttribute("vms", vms.list(scope.tenantId()));
        return Htmx.of(request).view("compute/vms", "compute/_vms :: list");
    }

    @GetMapping("/new")
    @RequiresRole(Role.OPERATOR)
    String form(TenantScope scope, Model model) {
        choices.addTo(model, scope);
        model.addAttribute("form", NewVmForm.empty(vms.choices(scope.tenantId())));
        return "compute/new";
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    String create(
            TenantScope scope,
            @ModelAttribute("form") NewVmForm form,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        if (!binding.hasErrors()) {
            try {
                Operation operation = vms.create(scope.tenantId(), form.toCommand(), IdempotencyKey.ofForm(form.key()));
                redirect.addFlashAttribute("notice", operation.targetName() + " is being created.");
                return "redirect:" + scope.path("/vms/" + operation.targetId());
            } catch (InvalidInputException | CapacityException | ConflictException problem) {
                FormErrors.add(binding, (FreeholdException) problem);
            }
        }
        response.setStatus(422);
        choices.addTo(model, scope);
        return "compute/new";
    }
}
