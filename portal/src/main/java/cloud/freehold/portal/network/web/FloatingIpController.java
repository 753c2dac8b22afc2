package cloud.freehold.portal.network.web;

import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.network.FloatingIpId;
import cloud.freehold.portal.network.FloatingIps;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** Floating IPs: one page with all of them, and a form for each step. */
@Controller
@RequestMapping("/t/{tenantSlug}/floating-ips")
class FloatingIpController {

    private final FloatingIps floatingIps;

    FloatingIpController(FloatingIps floatingIps) {
        this.floatingIps = floatingIps;
    }

    @GetMapping
    String list(TenantScope scope, HttpServletRequest request, Model model) {
        return Htmx.of(request).view(page(scope, model), "network/_floating-ips :: list");
    }

    private String page(TenantScope scope, Model model) {
        model.addAttribute("ips", floatingIps.list(scope.tenantId()));
        model.addAttribute("candidates", floatingIps.candidates(scope.tenantId()));
        model.addAttribute("externals", floatingIps.externalNetworks());
        model.addAttribute("use", floatingIps.use(scope.tenantId()));
        model.addAttribute("key", IdempotencyKey.forForm());
        return "network/floating-ips";
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    String allocate(
            TenantScope scope,
            @RequestParam(defaultValue = "") String external,
            @RequestParam(required = false) @Nullable String key,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        return change(scope, model, redirect, response, () -> {
            FloatingIpId id =
                    floatingIps.allocate(scope.tenantId(), FormText.external(external), IdempotencyKey.ofForm(key));
            return floatingIps.get(scope.tenantId(), id).address() + " is yours. Attach it to a NIC.";
        });
    }

    @PostMapping("/{floatingIpId}/attach")
    @RequiresRole(Role.OPERATOR)
    String attach(
            TenantScope scope,
            @PathVariable String floatingIpId,
            @RequestParam(defaultValue = "") String nic,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        FloatingIpId id = FloatingIpId.of(floatingIpId);
        return change(scope, model, redirect, response, () -> {
            floatingIps.attach(scope.tenantId(), id, FormText.nic(nic), null);
            return "Saved; the host follows.";
        });
    }

    @PostMapping("/{floatingIpId}/detach")
    @RequiresRole(Role.OPERATOR)
    String detach(
            TenantScope scope,
            @PathVariable String floatingIpId,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        FloatingIpId id = FloatingIpId.of(floatingIpId);
        return change(scope, model, redirect, response, () -> {
            floatingIps.detach(scope.tenantId(), id, null);
            return "Saved; the host follows.";
        });
    }

    @PostMapping("/{floatingIpId}/release")
    @RequiresRole(Role.OPERATOR)
    String release(
            TenantScope scope,
            @PathVariable String floatingIpId,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        FloatingIpId id = FloatingIpId.of(floatingIpId);
        return change(scope, model, redirect, response, () -> {
            String address = floatingIps.get(scope.tenantId(), id).address();
            floatingIps.release(scope.tenantId(), id, null);
            return address + " is released.";
        });
    }

    private interface Command {
        /** @return the notice */
        String run();
    }

    /** Back to the page: with a notice, or with what was refused on top. */
    private String change(
            TenantScope scope,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response,
            Command command) {
        try {
            redirect.addFlashAttribute("notice", command.run());
        } catch (NotFoundException gone) {
            throw gone;
        } catch (FreeholdException problem) {
            response.setStatus(problem.status());
            model.addAttribute("refused", problem.getMessage());
            return page(scope, model);
        }
        return "redirect:" + scope.path("/floating-ips");
    }
}
