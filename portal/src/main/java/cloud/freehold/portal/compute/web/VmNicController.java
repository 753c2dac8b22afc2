package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.StaleVersionException;
import cloud.freehold.portal.compute.NicView;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmNics;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletResponse;
import java.util.UUID;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** A VM's NICs: the list with a form for a new one, and a page for each. */
@Controller
@RequestMapping("/t/{tenantSlug}/vms/{vmId}")
class VmNicController {

    private final Vms vms;
    private final VmNics nics;
    private final NewVmChoices choices;

    VmNicController(Vms vms, VmNics nics, NewVmChoices choices) {
        this.vms = vms;
        this.nics = nics;
        this.choices = choices;
    }

    @GetMapping("/network")
    String list(TenantScope scope, @PathVariable String vmId, Model model) {
        model.addAttribute("form", NewNicForm.empty());
        return listPage(scope, vmId, model);
    }

    private String listPage(TenantScope scope, String vmId, Model model) {
        VmId id = VmId.of(vmId);
        model.addAttribute("vm", vms.get(scope.tenantId(), id));
        model.addAttribute("nics", vms.nics(scope.tenantId(), id));
        model.addAttribute("tab", "network");
        choices.addNetworking(model, scope);
        return "compute/vm";
    }

    @PostMapping("/nics")
    @RequiresRole(Role.OPERATOR)
    String add(
            TenantScope scope,
            @PathVariable String vmId,
            @ModelAttribute("form") NewNicForm form,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        VmId id = VmId.of(vmId);
        if (!binding.hasErrors()) {
            try {
                UUID nic = nics.add(
                        scope.tenantId(), id, form.networkId(), form.groupIds(), IdempotencyKey.ofForm(form.key()));
                redirect.addFlashAttribute(
                        "notice",
                        nics.get(scope.tenantId(), id, nic).name()
                                + " is added. Whether the machine has it already, the list says.");
                return "redirect:" + scope.path("/vms/" + id + "/network");
            } catch (InvalidInputException | CapacityException | ConflictException problem) {
                FormErrors.add(binding, (FreeholdException) problem);
            }
        }
        response.setStatus(422);
        return listPage(scope, vmId, model);
    }

    @GetMapping("/nics/{nicId}")
    String show(TenantScope scope, @PathVariable String vmId, @PathVariable String nicId, Model model) {
        NicView nic = nics.get(scope.tenantId(), VmId.of(vmId), Ids.parse(nicId));
        model.addAttribute("form", NicForm.of(nic.settings(), nic.version()));
        return nicPage(scope, vmId, nicId, model);
    }

    private String nicPage(TenantScope scope, String vmId, String nicId, Model model) {
        VmId id = VmId.of(vmId);
        model.addAttribute("vm", vms.get(scope.tenantId(), id));
        model.addAttribute("nic", nics.get(scope.tenantId(), id, Ids.parse(nicId)));
        model.addAttribute("last", vms.nics(scope.tenantId(), id).size() == 1);
        return "compute/nic";
    }

    @PostMapping("/nics/{nicId}")
    @RequiresRole(Role.OPERATOR)
    String change(
            TenantScope scope,
            @PathVariable String vmId,
            @PathVariable String nicId,
            @ModelAttribute("form") NicForm form,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        VmId id = VmId.of(vmId);
        UUID nic = Ids.parse(nicId);
        if (!binding.hasErrors()) {
            try {
                nics.change(scope.tenantId(), id, nic, form.toCommand(), form.version());
                redirect.addFlashAttribute("notice", "Saved; it is being enforced.");
                return "redirect:" + scope.path("/vms/" + id + "/nics/" + nic);
            } catch (InvalidInputException | StaleVersionException problem) {
                FormErrors.add(binding, (FreeholdException) problem);
            }
        }
        response.setStatus(422);
        return nicPage(scope, vmId, nicId, model);
    }

    @PostMapping("/nics/{nicId}/remove")
    @RequiresRole(Role.OPERATOR)
    String remove(
            TenantScope scope, @PathVariable String vmId, @PathVariable String nicId, RedirectAttributes redirect) {
        VmId id = VmId.of(vmId);
        UUID nic = Ids.parse(nicId);
        String name = nics.get(scope.tenantId(), id, nic).name();
        nics.remove(scope.tenantId(), id, nic, null);
        redirect.addFlashAttribute(
                "notice", name + " is cut off. A running guest may show a dead interface until its next start.");
        return "redirect:" + scope.path("/vms/" + id + "/network");
    }
}
