package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.Snapshot;
import cloud.freehold.portal.backup.SnapshotId;
import cloud.freehold.portal.backup.Snapshots;
import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmState;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** A VM's tab Snapshots. */
@Controller
@RequestMapping("/t/{tenantSlug}/vms/{vmId}/snapshots")
class SnapshotController {

    private final Vms vms;
    private final Snapshots snapshots;
    private final Operations operations;

    SnapshotController(Vms vms, Snapshots snapshots, Operations operations) {
        this.vms = vms;
        this.snapshots = snapshots;
        this.operations = operations;
    }

    @GetMapping
    String page(TenantScope scope, @PathVariable String vmId, HttpServletRequest request, Model model) {
        model.addAttribute("form", SnapshotForm.empty());
        String page = show(scope, VmId.of(vmId), model);
        return Htmx.of(request).view(page, "backup/_snapshots :: board");
    }

    private String show(TenantScope scope, VmId id, Model model) {
        VmView vm = vms.get(scope.tenantId(), id);
        model.addAttribute("vm", vm);
        model.addAttribute("tab", "snapshots");
        model.addAttribute("snapshots", snapshots.of(scope.tenantId(), id));
        model.addAttribute("most", snapshots.mostPerVm());
        model.addAttribute("runs", vm.state() == VmState.RUNNING);
        model.addAttribute("neighbours", neighbours(scope, vm));
        model.addAttribute("open", operations.onDisks(scope.tenantId(), id.value()));
        return "backup/snapshots";
    }

    /** Only VMs of one host can share a moment. */
    private List<VmView> neighbours(TenantScope scope, VmView vm) {
        return vms.list(scope.tenantId()).stream()
                .filter(each -> !each.id().equals(vm.id())
                        && each.hostId() != null
                        && each.hostId().equals(vm.hostId())
                        && !each.isDeleting())
                .toList();
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    String take(
            TenantScope scope,
            @PathVariable String vmId,
            @ModelAttribute("form") SnapshotForm form,
            BindingResult binding,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        VmId id = VmId.of(vmId);
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    Operation started =
                            snapshots.take(scope.tenantId(), form.toCommand(id), IdempotencyKey.ofForm(form.key()));
                    redirect.addFlashAttribute(
                            "notice", "The snapshot of " + started.targetName() + " is being taken.");
                    return back(scope, id);
                },
                () -> show(scope, id, model));
    }

    @GetMapping("/{snapshotId}/roll-back")
    @RequiresRole(Role.OPERATOR)
    String rollBackPage(TenantScope scope, @PathVariable String vmId, @PathVariable String snapshotId, Model model) {
        return rollBackPage(scope, VmId.of(vmId), SnapshotId.of(snapshotId), null, model);
    }

    private String rollBackPage(TenantScope scope, VmId vm, SnapshotId id, @Nullable String refused, Model model) {
        model.addAttribute("vm", vms.get(scope.tenantId(), vm));
        model.addAttribute("snapshot", one(scope, vm, id));
        model.addAttribute("key", IdempotencyKey.forForm());
        model.addAttribute("refused", refused);
        return "backup/roll-back";
    }

    private Snapshot one(TenantScope scope, VmId vm, SnapshotId id) {
        return snapshots.of(scope.tenantId(), vm).stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new NotFoundException(
                        "There is no such snapshot. Go to the VM, tab Snapshots, and pick one from the list."));
    }

    @PostMapping("/{snapshotId}/roll-back")
    @RequiresRole(Role.OPERATOR)
    String rollBack(
            TenantScope scope,
            @PathVariable String vmId,
            @PathVariable String snapshotId,
            @RequestParam(defaultValue = "") String confirm,
            @RequestParam(defaultValue = "") String key,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        VmId vm = VmId.of(vmId);
        SnapshotId id = one(scope, vm, SnapshotId.of(snapshotId)).id();
        try {
            Operation started = snapshots.rollBack(scope.tenantId(), id, confirm, IdempotencyKey.ofForm(key));
            redirect.addFlashAttribute("notice", started.targetName() + " is being put back.");
            return back(scope, vm);
        } catch (InvalidInputException refused) {
            response.setStatus(422);
            return rollBackPage(scope, vm, id, refused.getMessage(), model);
        }
    }

    @PostMapping("/{snapshotId}/delete")
    @RequiresRole(Role.OPERATOR)
    String delete(
            TenantScope scope,
            @PathVariable String vmId,
            @PathVariable String snapshotId,
            RedirectAttributes redirect) {
        VmId vm = VmId.of(vmId);
        snapshots.delete(
                scope.tenantId(), one(scope, vm, SnapshotId.of(snapshotId)).id(), null);
        redirect.addFlashAttribute("notice", "The snapshot is being deleted.");
        return back(scope, vm);
    }

    @PostMapping("/{snapshotId}/describe")
    @RequiresRole(Role.OPERATOR)
    String describe(
            TenantScope scope,
            @PathVariable String vmId,
            @PathVariable String snapshotId,
            @RequestParam(defaultValue = "") String description,
            RedirectAttributes redirect) {
        VmId vm = VmId.of(vmId);
        snapshots.describe(
                scope.tenantId(), one(scope, vm, SnapshotId.of(snapshotId)).id(), description.strip());
        redirect.addFlashAttribute("notice", "Saved.");
        return back(scope, vm);
    }

    private static String back(TenantScope scope, VmId vm) {
        return "redirect:" + scope.path("/vms/" + vm + "/snapshots");
    }
}
