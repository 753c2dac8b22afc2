package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.compute.VolumeView;
import cloud.freehold.portal.compute.Volumes;
import cloud.freehold.portal.compute.Volumes.StoragePool;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.OperationState;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** A VM's tab Disks: where they lie, how the guest uses them, and moving one while the VM runs. */
@Controller
@RequestMapping("/t/{tenantSlug}/vms/{vmId}/disks")
class VmDisksController {

    private final Vms vms;
    private final Volumes volumes;
    private final Operations operations;

    VmDisksController(Vms vms, Volumes volumes, Operations operations) {
        this.vms = vms;
        this.volumes = volumes;
        this.operations = operations;
    }

    @GetMapping
    String page(TenantScope scope, @PathVariable String vmId, HttpServletRequest request, Model model) {
        String page = show(scope, VmId.of(vmId), model);
        return Htmx.of(request).view(page, "compute/_disks :: board");
    }

    private String show(TenantScope scope, VmId id, Model model) {
        VmView vm = vms.get(scope.tenantId(), id);
        List<VolumeView> all = volumes.of(scope.tenantId(), id);
        List<StoragePool> pools = volumes.pools(scope.tenantId(), id);
        model.addAttribute("vm", vm);
        model.addAttribute("tab", "disks");
        model.addAttribute("volumes", all);
        model.addAttribute("pools", pools);
        model.addAttribute("movable", options(all));
        model.addAttribute("targets", targets(pools));
        if (!model.containsAttribute("form")) {
            model.addAttribute("form", MoveForm.proposal(all, pools));
        }
        model.addAttribute(
                "failed",
                operations
                        .latest(scope.tenantId(), id.value(), OperationKind.VOLUME_MIRROR)
                        .filter(operation -> operation.state() == OperationState.FAILED)
                        .orElse(null));
        model.addAttribute("open", operations.onDisks(scope.tenantId(), id.value()));
        return "compute/disks";
    }

    private static Map<String, String> options(List<VolumeView> volumes) {
        Map<String, String> options = new LinkedHashMap<>();
        volumes.forEach(volume -> options.put(
                volume.id().toString(),
                volume.device() + " " + volume.name() + (volume.pool() == null ? "" : ", in " + volume.pool())));
        return options;
    }

    private static Map<String, String> targets(List<StoragePool> pools) {
        Map<String, String> options = new LinkedHashMap<>();
        pools.forEach(pool -> options.put(pool.name(), pool.name()));
        return options;
    }

    @PostMapping("/move")
    @RequiresRole(Role.OPERATOR)
    String move(
            TenantScope scope,
            @PathVariable String vmId,
            @ModelAttribute("form") MoveForm form,
            BindingResult binding,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        VmId id = VmId.of(vmId);
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    volumes.move(
                            scope.tenantId(), id, form.volumeId(), form.poolName(), IdempotencyKey.ofForm(form.key()));
                    redirect.addFlashAttribute("notice", "The disk is being moved to " + form.poolName() + ".");
                    return "redirect:" + scope.path("/vms/" + id + "/disks");
                },
                () -> show(scope, id, model));
    }
}
