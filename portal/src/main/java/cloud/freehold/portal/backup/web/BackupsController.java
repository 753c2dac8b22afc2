package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.BackupHealth;
import cloud.freehold.portal.backup.Backups;
import cloud.freehold.portal.backup.Upkeep;
import cloud.freehold.portal.backup.VmHealth;
import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** Backups at a glance: the timeline of all VMs, and a backup by hand. */
@Controller
@RequestMapping("/t/{tenantSlug}/backups")
class BackupsController {

    private final BackupHealth health;
    private final Backups backups;
    private final Upkeep upkeep;
    private final Clock clock;

    BackupsController(BackupHealth health, Backups backups, Upkeep upkeep, Clock clock) {
        this.health = health;
        this.backups = backups;
        this.upkeep = upkeep;
        this.clock = clock;
    }

    @GetMapping
    String timeline(
            TenantScope scope,
            @RequestParam(defaultValue = "week") String range,
            HttpServletRequest request,
            Model model) {
        Range chosen = Range.of(range);
        Instant now = clock.instant();
        List<VmHealth> vms = health.all(scope.tenantId());
        model.addAttribute("board", new BackupBoard(vms, upkeep.usage(scope.tenantId())));
        model.addAttribute("range", chosen);
        model.addAttribute("ranges", Range.values());
        model.addAttribute(
                "strip",
                TimelineStrip.of(
                        health.timeline(scope.tenantId(), null, now.minus(chosen.back()), now.plus(chosen.ahead())),
                        scope.zone(),
                        now));
        return Htmx.of(request).view("backup/backups", "backup/_backups :: board");
    }

    @GetMapping("/new")
    @RequiresRole(Role.OPERATOR)
    String form(TenantScope scope, Model model) {
        model.addAttribute("form", BackupForm.empty(null));
        return show(scope, model);
    }

    private String show(TenantScope scope, Model model) {
        Map<String, String> vms = new LinkedHashMap<>();
        health.all(scope.tenantId()).stream()
                .filter(VmHealth::exists)
                .forEach(vm -> vms.put(vm.vm().toString(), vm.name()));
        model.addAttribute("vms", vms);
        model.addAttribute("stores", Choices.stores(backups.stores(scope.tenantId())));
        return "backup/new";
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    String backUp(
            TenantScope scope,
            @ModelAttribute("form") BackupForm form,
            BindingResult binding,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    Operation operation =
                            backups.backUp(scope.tenantId(), form.toCommand(null), IdempotencyKey.ofForm(form.key()));
                    redirect.addFlashAttribute("notice", "The backup of " + operation.targetName() + " has begun.");
                    return "redirect:" + scope.path("/operations/" + operation.id());
                },
                () -> show(scope, model));
    }
}
