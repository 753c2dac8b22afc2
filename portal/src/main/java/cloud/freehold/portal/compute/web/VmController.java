package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.VmCommand;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationFilter;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindException;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** A VM's pages and what its buttons do. */
@Controller
@RequestMapping("/t/{tenantSlug}/vms/{vmId}")
class VmController {

    private static final int OPERATIONS_SHOWN = 25;

    private final Vms vms;
    private final Operations operations;

    VmController(Vms vms, Operations operations) {
        this.vms = vms;
        this.operations = operations;
    }

    @GetMapping
    String overview(TenantScope scope, @PathVariable String vmId, Model model) {
        return page(scope, vmId, "overview", model);
    }

    @GetMapping("/operations")
    String operations(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestParam(required = false) @Nullable String after,
            Model model) {
        VmId id = VmId.of(vmId);
        model.addAttribute(
                "page",
                operations.page(
                        scope.tenantId(),
                        new OperationFilter(
                                null, id.value(), after == null ? null : OperationId.of(after), OPERATIONS_SHOWN)));
        model.addAttribute("refresh", scope.path("/operations?vm=" + id));
        return page(scope, vmId, "operations", model);
    }

    @GetMapping("/settings")
    @RequiresRole(Role.OPERATOR)
    String settings(TenantScope scope, @PathVariable String vmId, Model model) {
        model.addAttribute("form", SettingsForm.of(vms.get(scope.tenantId(), VmId.of(vmId))));
        return page(scope, vmId, "settings", model);
    }

    @GetMapping("/status")
    String status(TenantScope scope, @PathVariable String vmId, Model model) {
        page(scope, vmId, "overview", model);
        return "compute/_vm :: status";
    }

    @GetMapping("/nics")
    String nics(TenantScope scope, @PathVariable String vmId, Model model) {
        page(scope, vmId, "network", model);
        return "compute/_vm :: nics";
    }

    private String page(TenantScope scope, String vmId, String tab, Model model) {
        VmId id = VmId.of(vmId);
        VmView vm = vms.get(scope.tenantId(), id);
        model.addAttribute("vm", vm);
        model.addAttribute("nics", vms.nics(scope.tenantId(), id));
        model.addAttribute("tab", tab);
        return "compute/vm";
    }

    @PostMapping("/{command:start|stop|reboot|force-off}")
    @RequiresRole(Role.OPERATOR)
    String command(
            TenantScope scope, @PathVariable String vmId, @PathVariable String command, RedirectAttributes redirect) {
        VmId id = VmId.of(vmId);
        VmCommand asked = VmCommand.of(command).orElseThrow(() -> new NotFoundException("A VM has no such command."));
        Operation operation = vms.command(scope.tenantId(), id, asked, false, null, null);
        redirect.addFlashAttribute("notice", operation.kind().label() + ": asked for, " + operation.targetName() + ".");
        return "redirect:" + scope.path("/vms/" + id);
    }

    @PostMapping("/settings")
    @RequiresRole(Role.OPERATOR)
    String describe(
            TenantScope scope,
            @PathVariable String vmId,
            @ModelAttribute("form") SettingsForm form,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response)
            throws BindException {
        VmId id = VmId.of(vmId);
        if (binding.getTarget() == null) {
            // What no browser sends for these fields: there is no form to show again.
            throw new BindException(binding);
        }
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    vms.describe(scope.tenantId(), id, form.toCommand(), form.version());
                    redirect.addFlashAttribute("notice", "Saved.");
                    return "redirect:" + scope.path("/vms/" + id + "/settings");
                },
                () -> page(scope, vmId, "settings", model));
    }

    @PostMapping("/delete")
    @RequiresRole(Role.OPERATOR)
    String delete(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestParam(defaultValue = "") String confirm,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        VmId id = VmId.of(vmId);
        try {
            Operation operation = vms.delete(scope.tenantId(), id, confirm, null, null);
            redirect.addFlashAttribute("notice", operation.targetName() + " is being deleted.");
            return "redirect:" + scope.path("/vms");
        } catch (InvalidInputException | ConflictException problem) {
            response.setStatus(422);
            model.addAttribute(
                    "confirmError",
                    problem instanceof InvalidInputException input
                                    && !input.fields().isEmpty()
                            ? input.fields().get(0).message()
                            : problem.getMessage());
            return settings(scope, vmId, model);
        }
    }
}
