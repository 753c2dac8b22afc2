package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.Backups;
import cloud.freehold.portal.backup.Policies;
import cloud.freehold.portal.backup.Policy;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.PolicySettings;
import cloud.freehold.portal.backup.Store;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
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

/** Backup policies. */
@Controller
@RequestMapping("/t/{tenantSlug}/backups/policies")
class PolicyController {

    private static final int SHOWN_RUNS = 5;

    private final Policies policies;
    private final Backups backups;
    private final Clock clock;

    PolicyController(Policies policies, Backups backups, Clock clock) {
        this.policies = policies;
        this.backups = backups;
        this.clock = clock;
    }

    @GetMapping
    String list(TenantScope scope, HttpServletRequest request, Model model) {
        model.addAttribute("policies", policies.list(scope.tenantId()));
        return Htmx.of(request).view("backup/policies", "backup/_policies :: list");
    }

    @GetMapping("/new")
    @RequiresRole(Role.OPERATOR)
    String create(TenantScope scope, Model model) {
        List<Store> stores = backups.stores(scope.tenantId());
        StoreId only = stores.size() == 1 ? stores.get(0).id() : null;
        model.addAttribute("form", PolicyForm.empty(only));
        return form(scope, null, model);
    }

    @GetMapping("/{policyId}/edit")
    @RequiresRole(Role.OPERATOR)
    String edit(TenantScope scope, @PathVariable String policyId, Model model) {
        Policy policy = policies.get(scope.tenantId(), PolicyId.of(policyId));
        model.addAttribute("form", PolicyForm.of(policy));
        return form(scope, policy, model);
    }

    private String form(TenantScope scope, @Nullable Policy policy, Model model) {
        PolicyForm form = (PolicyForm) model.getAttribute("form");
        model.addAttribute("policy", policy);
        model.addAttribute(
                "title",
                policy == null
                        ? "New backup policy"
                        : "Edit " + policy.settings().name());
        model.addAttribute("stores", stores(scope, policy));
        model.addAttribute("verifyOptions", Cadence.options(form == null ? null : form.verify()));
        model.addAttribute("drillOptions", Cadence.options(form == null ? null : form.drill()));
        TreeSet<String> known = new TreeSet<>();
        policies.labels(scope.tenantId()).values().forEach(known::addAll);
        model.addAttribute("knownLabels", known);
        model.addAttribute("zone", scope.zone());
        return "backup/policy-form";
    }

    /** The store that a policy has may stay although it is offered no more. */
    private Map<String, String> stores(TenantScope scope, @Nullable Policy policy) {
        Map<String, String> options = Choices.stores(backups.stores(scope.tenantId()));
        options.remove("");
        if (policy != null) {
            options.putIfAbsent(policy.settings().store().toString(), policy.storeName() + " (no longer offered)");
        }
        if (options.isEmpty()) {
            options.put("", "The provider has set up no place for backups yet");
        }
        return options;
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    String create(
            TenantScope scope,
            @ModelAttribute("form") PolicyForm form,
            BindingResult binding,
            @RequestParam(defaultValue = "") String preview,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    PolicySettings settings = form.toSettings(scope.zone(), clock.instant());
                    if (preview(scope, null, settings, preview, model)) {
                        return form(scope, null, model);
                    }
                    PolicyId id = policies.create(scope.tenantId(), settings);
                    redirect.addFlashAttribute("notice", "The policy is there.");
                    return "redirect:" + scope.path("/backups/policies/" + id);
                },
                () -> form(scope, null, model));
    }

    @PostMapping("/{policyId}/edit")
    @RequiresRole(Role.OPERATOR)
    String change(
            TenantScope scope,
            @PathVariable String policyId,
            @ModelAttribute("form") PolicyForm form,
            BindingResult binding,
            @RequestParam(defaultValue = "") String preview,
            HttpServletResponse response,
            Model model,
            RedirectAttributes redirect) {
        PolicyId id = PolicyId.of(policyId);
        Policy policy = policies.get(scope.tenantId(), id);
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    PolicySettings settings = form.toSettings(scope.zone(), clock.instant());
                    if (preview(scope, id, settings, preview, model)) {
                        return form(scope, policy, model);
                    }
                    policies.change(scope.tenantId(), id, settings, form.version());
                    redirect.addFlashAttribute("notice", "Saved.");
                    return "redirect:" + scope.path("/backups/policies/" + id);
                },
                () -> form(scope, policy, model));
    }

    /** Shows the consequence before the click that has it. */
    private boolean preview(
            TenantScope scope, @Nullable PolicyId id, PolicySettings settings, String asked, Model model) {
        if (asked.isEmpty()) {
            return false;
        }
        model.addAttribute("runs", settings.schedule().next(clock.instant(), scope.zone(), SHOWN_RUNS));
        model.addAttribute("inWords", settings.schedule().inWords());
        model.addAttribute("keeps", settings.retention().inWords());
        if (id != null) {
            model.addAttribute("prune", policies.preview(scope.tenantId(), id, settings.retention()));
        }
        return true;
    }

    @GetMapping("/{policyId}")
    String policy(TenantScope scope, @PathVariable String policyId, HttpServletRequest request, Model model) {
        Policy policy = policies.get(scope.tenantId(), PolicyId.of(policyId));
        model.addAttribute("policy", policy);
        model.addAttribute(
                "prune",
                policies.preview(
                        scope.tenantId(), policy.id(), policy.settings().retention()));
        return Htmx.of(request).view("backup/policy", "backup/_policy :: detail");
    }

    @PostMapping("/{policyId}/run")
    @RequiresRole(Role.OPERATOR)
    String run(TenantScope scope, @PathVariable String policyId, RedirectAttributes redirect) {
        PolicyId id = PolicyId.of(policyId);
        Policies.Run run = policies.runNow(scope.tenantId(), id);
        redirect.addFlashAttribute(
                "notice", run.started() + (run.started() == 1 ? " backup has begun." : " backups have begun."));
        if (!run.refused().isEmpty()) {
            redirect.addFlashAttribute("refusals", run.refused());
        }
        return "redirect:" + scope.path("/backups/policies/" + id);
    }

    @PostMapping("/{policyId}/prune")
    @RequiresRole(Role.OPERATOR)
    String prune(TenantScope scope, @PathVariable String policyId, RedirectAttributes redirect) {
        PolicyId id = PolicyId.of(policyId);
        int removed = policies.prune(scope.tenantId(), id);
        redirect.addFlashAttribute(
                "notice",
                removed + (removed == 1 ? " point was removed" : " points were removed")
                        + "; they can be brought back for a day.");
        return "redirect:" + scope.path("/backups/policies/" + id);
    }

    @PostMapping("/{policyId}/delete")
    @RequiresRole(Role.OPERATOR)
    String delete(TenantScope scope, @PathVariable String policyId, RedirectAttributes redirect) {
        policies.delete(scope.tenantId(), PolicyId.of(policyId), null);
        redirect.addFlashAttribute("notice", "The policy is gone. Its recovery points stay until you remove them.");
        return "redirect:" + scope.path("/backups/policies");
    }
}
