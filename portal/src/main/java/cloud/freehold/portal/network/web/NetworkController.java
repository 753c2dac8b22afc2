package cloud.freehold.portal.network.web;

import cloud.freehold.portal.common.FormErrors;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.NetworkNic;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.UUID;
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

/** Networks: a list with a form for a new one, and a page for each with its subnets and NICs. */
@Controller
@RequestMapping("/t/{tenantSlug}/networks")
class NetworkController {

    private final Networks networks;

    NetworkController(Networks networks) {
        this.networks = networks;
    }

    @GetMapping
    String list(TenantScope scope, HttpServletRequest request, Model model) {
        model.addAttribute("form", NetworkForm.empty());
        String page = listPage(scope, model);
        return Htmx.of(request).view(page, "network/_networks :: list");
    }

    private String listPage(TenantScope scope, Model model) {
        model.addAttribute("networks", networks.list(scope.tenantId()));
        return "network/networks";
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    String create(
            TenantScope scope,
            @ModelAttribute("form") NetworkForm form,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    NetworkId id =
                            networks.create(scope.tenantId(), form.toCommand(), IdempotencyKey.ofForm(form.key()));
                    redirect.addFlashAttribute("notice", "Network " + form.name() + " is there.");
                    return "redirect:" + scope.path("/networks/" + id);
                },
                () -> listPage(scope, model));
    }

    @GetMapping("/{networkId}")
    String show(TenantScope scope, @PathVariable String networkId, HttpServletRequest request, Model model) {
        model.addAttribute("form", SubnetForm.empty());
        String page = page(scope, networkId, null, model);
        return Htmx.of(request).view(page, "network/_networks :: nics");
    }

    /** @param editing the subnet whose form is open */
    private String page(TenantScope scope, String networkId, @Nullable UUID editing, Model model) {
        NetworkId id = NetworkId.of(networkId);
        Network network = networks.get(scope.tenantId(), id);
        List<NetworkNic> nics = networks.nics(scope.tenantId(), id);
        model.addAttribute("network", network);
        model.addAttribute("nics", nics);
        model.addAttribute("vms", NamedVms.of(nics));
        model.addAttribute("editing", editing);
        return "network/network";
    }

    @PostMapping("/{networkId}/name")
    @RequiresRole(Role.OPERATOR)
    String rename(
            TenantScope scope,
            @PathVariable String networkId,
            @RequestParam(defaultValue = "") String name,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        NetworkId id = NetworkId.of(networkId);
        try {
            networks.rename(scope.tenantId(), id, name);
        } catch (InvalidInputException problem) {
            response.setStatus(422);
            model.addAttribute("nameError", problem.getMessage());
            model.addAttribute("form", SubnetForm.empty());
            return page(scope, networkId, null, model);
        }
        redirect.addFlashAttribute("notice", "Saved.");
        return "redirect:" + scope.path("/networks/" + id);
    }

    @GetMapping("/{networkId}/subnets/{subnetId}")
    @RequiresRole(Role.OPERATOR)
    String subnetForm(TenantScope scope, @PathVariable String networkId, @PathVariable String subnetId, Model model) {
        UUID id = Ids.parse(subnetId);
        Network.Subnet subnet = networks.get(scope.tenantId(), NetworkId.of(networkId)).subnets().stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new NotFoundException("The network has no such subnet. Go back to the network."));
        model.addAttribute("form", SubnetForm.of(subnet));
        return page(scope, networkId, id, model);
    }

    @PostMapping("/{networkId}/subnets")
    @RequiresRole(Role.OPERATOR)
    String addSubnet(
            TenantScope scope,
            @PathVariable String networkId,
            @ModelAttribute("form") SubnetForm form,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        return change(
                scope,
                networkId,
                null,
                binding,
                model,
                redirect,
                response,
                id -> networks.addSubnet(scope.tenantId(), id, form.toCommand()));
    }

    @PostMapping("/{networkId}/subnets/{subnetId}")
    @RequiresRole(Role.OPERATOR)
    String changeSubnet(
            TenantScope scope,
            @PathVariable String networkId,
            @PathVariable String subnetId,
            @ModelAttribute("form") SubnetForm form,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        UUID subnet = Ids.parse(subnetId);
        return change(
                scope,
                networkId,
                subnet,
                binding,
                model,
                redirect,
                response,
                id -> networks.changeSubnet(scope.tenantId(), id, subnet, form.toCommand()));
    }

    private interface Command {
        void on(NetworkId id);
    }

    private String change(
            TenantScope scope,
            String networkId,
            @Nullable UUID editing,
            BindingResult binding,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response,
            Command command) {
        NetworkId id = NetworkId.of(networkId);
        return FormErrors.answer(
                binding,
                response,
                () -> {
                    command.on(id);
                    redirect.addFlashAttribute("notice", "Saved; the hosts follow.");
                    return "redirect:" + scope.path("/networks/" + id);
                },
                () -> page(scope, networkId, editing, model));
    }

    @PostMapping("/{networkId}/subnets/{subnetId}/remove")
    @RequiresRole(Role.OPERATOR)
    String removeSubnet(
            TenantScope scope,
            @PathVariable String networkId,
            @PathVariable String subnetId,
            RedirectAttributes redirect) {
        NetworkId id = NetworkId.of(networkId);
        networks.removeSubnet(scope.tenantId(), id, Ids.parse(subnetId));
        redirect.addFlashAttribute("notice", "Saved; the hosts follow.");
        return "redirect:" + scope.path("/networks/" + id);
    }

    /** @param confirm the network's name, where NICs or a router go along */
    @PostMapping("/{networkId}/delete")
    @RequiresRole(Role.OPERATOR)
    String delete(
            TenantScope scope,
            @PathVariable String networkId,
            @RequestParam(defaultValue = "") String confirm,
            Model model,
            RedirectAttributes redirect,
            HttpServletResponse response) {
        NetworkId id = NetworkId.of(networkId);
        Network network = networks.get(scope.tenantId(), id);
        boolean named = confirm.strip().equals(network.name());
        if (!named && (network.nics() > 0 || network.router() != null)) {
            response.setStatus(422);
            model.addAttribute("confirmError", "Type the name of the network, " + network.name() + ", to delete it.");
            model.addAttribute("form", SubnetForm.empty());
            return page(scope, networkId, null, model);
        }
        networks.delete(scope.tenantId(), id, named, null);
        redirect.addFlashAttribute("notice", "Network " + network.name() + " is deleted.");
        return "redirect:" + scope.path("/networks");
    }
}
