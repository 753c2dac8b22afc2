package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.tenancy.TenantScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Component;
import org.springframework.ui.Model;

/** What the form for a new VM offers. */
@Component
class NewVmChoices {

    private final Vms vms;
    private final Networks networks;
    private final Firewall firewall;
    private final TenantTransaction transactions;

    NewVmChoices(Vms vms, Networks networks, Firewall firewall, TenantTransaction transactions) {
        this.vms = vms;
        this.networks = networks;
        this.firewall = firewall;
        this.transactions = transactions;
    }

    void addTo(Model model, TenantScope scope) {
        transactions.read(scope.tenantId(), () -> {
            model.addAttribute("choices", vms.choices(scope.tenantId()));
            model.addAttribute("quotas", vms.quotas(scope.tenantId()));
            return true;
        });
        addNetworking(model, scope);
    }

    /** Networks and security groups alone. */
    void addNetworking(Model model, TenantScope scope) {
        transactions.read(scope.tenantId(), () -> {
            model.addAttribute("groups", firewall.choices(scope.tenantId()));
            model.addAttribute("networks", options(networks.list(scope.tenantId())));
            return true;
        });
    }

    private static Map<String, String> options(List<Network> networks) {
        Map<String, String> options = new LinkedHashMap<>();
        if (networks.isEmpty()) {
            options.put("", "A new one");
        }
        networks.forEach(
                network -> options.put(network.id().toString(), network.name() + " (" + network.prefixes() + ")"));
        return options;
    }
}
