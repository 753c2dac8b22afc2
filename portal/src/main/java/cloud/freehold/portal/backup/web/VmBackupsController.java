package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.BackupHealth;
import cloud.freehold.portal.backup.Backups;
import cloud.freehold.portal.backup.PointFilter;
import cloud.freehold.portal.backup.Policies;
import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.NumberedPage;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
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

/** A VM's tab Backups. */
@Controller
@RequestMapping("/t/{tenantSlug}/vms/{vmId}/backups")
class VmBackupsController {

    private static final int SHOWN = 10;

    private final Vms vms;
    private final Backups backups;
    private final BackupHealth health;
    private final Policies policies;
    private final Operations operations;
    private final Clock clock;

    VmBackupsController(
            Vms vms, Backups backups, BackupHealth health, Policies policies, Operations operations, Clock clock) {
        this.vms = vms;
        this.backups = backups;
        this.health = health;
        this.policies = policies;
        this.operations = operations;
        this.clock = clock;
    }

    @GetMapping
    String page(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestParam(defaultValue = "") String page,
            HttpServletRequest request,
            Model model) {
        VmId id = VmId.of(vmId);
        model.addAttribute("form", BackupForm.empty(id));
        return Htmx.of(request).view(show(scope, id, NumberedPage.number(page), model), "backup/_vm :: board");
    }

    private String show(TenantScope scope, VmId id, int page, Model model) {
        Instant now = clock.instant();
        Range range = Range.MONTH;
        model.addAttribute("vm", vms.get(scope.tenantId(), id));
        model.addAttribute("tab", "backups");
        model.addAttribute("health", health.of(scope.tenantId(), id));
        model.addAttribute("points", backups.points(scope.tenantId(), PointFilter.of(id, SHOWN), page));
        model.addAttribute(
                "strip",
                TimelineStrip.of(
                        health.timeline(scope.tenantId(), id, now.minus(range.back()), now.plus(range.ahead())),
                        scope.zone(),
                        now));
        model.addAttribute(
                "labels", String.join(", ", policies.labels(scope.tenantId()).getOrDefault(id, Set.of())));
        model.addAttribute("stores", Choices.stores(backups.stores(scope.tenantId())));
        model.addAttribute("open", operations.onDisks(scope.tenantId(), id.value()));
        return "backup/vm";
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    String backUp(
            TenantScope scope,
            @PathVariable String vmId,
            @ModelAttribute("form") BackupForm form,
            BindingResult binding,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        VmId id = VmId.of(vmId);
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    Operation operation =
                            backups.backUp(scope.tenantId(), form.toCommand(id), IdempotencyKey.ofForm(form.key()));
                    redirect.addFlashAttribute("notice", "The backup of " + operation.targetName() + " has begun.");
                    return "redirect:" + scope.path("/vms/" + id + "/backups");
                },
                () -> show(scope, id, 1, model));
    }

    @PostMapping("/labels")
    @RequiresRole(Role.OPERATOR)
    String label(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestParam(defaultValue = "") String labels,
            RedirectAttributes redirect) {
        VmId id = VmId.of(vmId);
        Set<String> wanted = new LinkedHashSet<>();
        Arrays.stream(labels.split("[,\\s]+")).filter(label -> !label.isEmpty()).forEach(wanted::add);
        policies.label(scope.tenantId(), id, wanted);
        redirect.addFlashAttribute("notice", "Labels saved.");
        return "redirect:" + scope.path("/vms/" + id + "/backups");
    }
}
