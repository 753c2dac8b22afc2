package cloud.freehold.portal.network.web;

import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.network.FloatingIps;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.Router;
import cloud.freehold.portal.network.RouterId;
import cloud.freehold.portal.network.RouterSpec;
import cloud.freehold.portal.network.Routers;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
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

/** Routers: a list with a form for a new one, and a page for each. */
@Controller
@RequestMapping("/t/{tenantSlug}/routers")
class RouterController {

    private final Routers routers;
    private final Networks networks;
    private final FloatingIps floatingIps;

    RouterController(Routers routers, Networks networks, FloatingIps floatingIps) {
        this.routers = routers;
        this.networks = networks;
        this.floatingIps = floatingIps;
    }

    @GetMapping
    String list(TenantScope scope, HttpServletRequest request, Model model) {
        model.addAttribute("form", new RouterForm("", List.of(), IdempotencyKey.forForm()));
        String page = listPage(scope, model);
        return Htmx.of(request).view(page, "network/_routers :: list");
    }

    private String listPage(TenantScope scope, Model model) {
        List<Router> all = routers.list(scope.tenantId());
        List<NetworkId> taken = all.stream()
                .flatMap(router -> router.spec().networks().stream())
                .toList();
        model.addAttribute("routers", all);
        model.addAttribute(
                "free",
                networks.list(scope.tenantId()).stream()
                        .filter(network -> !taken.contains(network.id()))
                        .toList());
        return "network/routers";
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    String create(
            TenantScope scope,
            @ModelAttribute("form") RouterForm form,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    RouterId id = routers.create(scope.tenantId(), form.toCommand(), IdempotencyKey.ofForm(form.key()));
                    redirect.addFlashAttribute("notice", "Router " + form.name() + " is there.");
                    return "redirect:" + scope.path("/routers/" + id);
                },
                () -> listPage(scope, model));
    }

    @GetMapping("/{routerId}")
    String show(TenantScope scope, @PathVariable String routerId, HttpServletRequest request, Model model) {
        model.addAttribute("route", new RouteForm("", ""));
        String page = page(scope, routerId, model);
        return Htmx.of(request).view(page, "network/_routers :: progress");
    }

    private String page(TenantScope scope, String routerId, Model model) {
        RouterId id = RouterId.of(routerId);
        model.addAttribute("router", routers.get(scope.tenantId(), id));
        model.addAttribute("candidates", routers.candidates(scope.tenantId(), id));
        model.addAttribute("externals", floatingIps.externalNetworks());
        return "network/router";
    }

    @PostMapping("/{routerId}/networks")
    @RequiresRole(Role.OPERATOR)
    String attach(
            TenantScope scope,
            @PathVariable String routerId,
            @RequestParam(defaultValue = "") String network,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        return change(
                scope,
                routerId,
                "networkError",
                "Saved; the hosts follow.",
                model,
                redirect,
                response,
                id -> routers.attach(scope.tenantId(), id, FormText.network("network", network)));
    }

    @PostMapping("/{routerId}/networks/{networkId}/detach")
    @RequiresRole(Role.OPERATOR)
    String detach(
            TenantScope scope,
            @PathVariable String routerId,
            @PathVariable String networkId,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        return change(
                scope,
                routerId,
                "networkError",
                "Saved; the hosts follow.",
                model,
                redirect,
                response,
                id -> routers.detach(scope.tenantId(), id, NetworkId.of(networkId)));
    }

    @PostMapping("/{routerId}/routes")
    @RequiresRole(Role.OPERATOR)
    String addRoute(
            TenantScope scope,
            @PathVariable String routerId,
            @ModelAttribute("route") RouteForm form,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        RouterId id = RouterId.of(routerId);
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    routers.addRoute(scope.tenantId(), id, form.toCommand());
                    redirect.addFlashAttribute("notice", "Saved; the hosts follow.");
                    return "redirect:" + scope.path("/routers/" + id);
                },
                () -> page(scope, routerId, model));
    }

    @PostMapping("/{routerId}/routes/remove")
    @RequiresRole(Role.OPERATOR)
    String removeRoute(
            TenantScope scope,
            @PathVariable String routerId,
            @RequestParam(defaultValue = "") String prefix,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        return change(
                scope,
                routerId,
                "networkError",
                "Saved; the hosts follow.",
                model,
                redirect,
                response,
                id -> routers.removeRoute(scope.tenantId(), id, prefix));
    }

    @PostMapping("/{routerId}/outside")
    @RequiresRole(Role.OPERATOR)
    String lead(
            TenantScope scope,
            @PathVariable String routerId,
            @RequestParam(defaultValue = "") String external,
            @RequestParam(defaultValue = "") String sourceNat,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        return change(
                scope,
                routerId,
                "outsideError",
                "Saved; the hosts follow.",
                model,
                redirect,
                response,
                id -> routers.lead(
                        scope.tenantId(),
                        id,
                        external.isBlank()
                                ? null
                                : new RouterSpec.Outside(FormText.external(external), !sourceNat.isEmpty())));
    }

    @PostMapping("/{routerId}/name")
    @RequiresRole(Role.OPERATOR)
    String rename(
            TenantScope scope,
            @PathVariable String routerId,
            @RequestParam(defaultValue = "") String name,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        return change(
                scope,
                routerId,
                "nameError",
                "Saved.",
                model,
                redirect,
                response,
                id -> routers.rename(scope.tenantId(), id, name, null));
    }

    @PostMapping("/{routerId}/delete")
    @RequiresRole(Role.OPERATOR)
    String delete(TenantScope scope, @PathVariable String routerId, RedirectAttributes redirect) {
        RouterId id = RouterId.of(routerId);
        String name = routers.get(scope.tenantId(), id).name();
        routers.delete(scope.tenantId(), id, null);
        redirect.addFlashAttribute("notice", "Router " + name + " is deleted.");
        return "redirect:" + scope.path("/routers");
    }

    private interface Command {
        void on(RouterId id);
    }

    /** Back to the page: with a notice, or with what was refused beside the form. */
    private String change(
            TenantScope scope,
            String routerId,
            String errorName,
            String notice,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response,
            Command command) {
        RouterId id = RouterId.of(routerId);
        try {
            command.on(id);
        } catch (NotFoundException gone) {
            throw gone;
        } catch (FreeholdException problem) {
            response.setStatus(problem.status());
            model.addAttribute(errorName, problem.getMessage());
            model.addAttribute("route", new RouteForm("", ""));
            return page(scope, routerId, model);
        }
        redirect.addFlashAttribute("notice", notice);
        return "redirect:" + scope.path("/routers/" + id);
    }
}
