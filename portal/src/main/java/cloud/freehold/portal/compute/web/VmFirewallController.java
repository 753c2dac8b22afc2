package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.NicView;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.firewall.GroupChoice;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** Which security groups a VM's NICs have. */
@Controller
@RequestMapping("/t/{tenantSlug}/vms/{vmId}")
class VmFirewallController {

    private final Vms vms;
    private final Firewall firewall;
    private final TenantTransaction transactions;
    private final ActorSource actors;

    VmFirewallController(Vms vms, Firewall firewall, TenantTransaction transactions, ActorSource actors) {
        this.vms = vms;
        this.firewall = firewall;
        this.transactions = transactions;
        this.actors = actors;
    }

    @GetMapping("/firewall")
    String firewall(TenantScope scope, @PathVariable String vmId, Model model) {
        VmId id = VmId.of(vmId);
        transactions.read(scope.tenantId(), () -> {
            List<NicView> nics = vms.nics(scope.tenantId(), id);
            Map<UUID, Set<SecurityGroupId>> attached = new LinkedHashMap<>();
            nics.forEach(nic -> attached.put(
                    nic.id(),
                    firewall.attachedTo(scope.tenantId(), nic.id()).stream()
                            .map(GroupChoice::id)
                            .collect(Collectors.toSet())));
            model.addAttribute("vm", vms.get(scope.tenantId(), id));
            model.addAttribute("nics", nics);
            model.addAttribute("attached", attached);
            model.addAttribute("groups", firewall.choices(scope.tenantId()));
            return true;
        });
        model.addAttribute("tab", "firewall");
        return "compute/vm";
    }

    @PostMapping("/nics/{nicId}/groups")
    @RequiresRole(Role.OPERATOR)
    String attach(
            TenantScope scope,
            @PathVariable String vmId,
            @PathVariable String nicId,
            @RequestParam(defaultValue = "") List<String> groups,
            RedirectAttributes redirect) {
        VmId id = VmId.of(vmId);
        UUID nic = Ids.parse(nicId);
        List<SecurityGroupId> chosen =
                groups.stream().map(SecurityGroupId::of).distinct().toList();
        transactions.run(scope.tenantId(), () -> {
            if (vms.nics(scope.tenantId(), id).stream()
                    .noneMatch(known -> known.id().equals(nic))) {
                throw new NotFoundException("This VM has no such NIC. Reload the page.");
            }
            firewall.attach(scope.tenantId(), actors.current(), nic, chosen);
        });
        redirect.addFlashAttribute("notice", "Saved; it is being enforced.");
        return "redirect:" + scope.path("/vms/" + id + "/firewall");
    }
}
