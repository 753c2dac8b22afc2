package cloud.freehold.portal.compute.demo;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.Choices;
import cloud.freehold.portal.compute.NewVm;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.demo.DemoStep;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.members.TenantFounding;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.NewNetwork;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/** Acme's web and db, globex's lab. Web may be reached on 80; db lets nobody in, so that a rule can change that. */
@Component
@Order(20)
@ConditionalOnBooleanProperty("freehold.demo.enabled")
class DemoVms implements DemoStep {

    private static final Logger log = LoggerFactory.getLogger(DemoVms.class);
    private static final Actor DEMO = Actor.system("demo");

    private final TenantFounding founding;
    private final TenantTransaction transactions;
    private final Networks networks;
    private final Firewall firewall;
    private final Vms vms;

    DemoVms(TenantFounding founding, TenantTransaction transactions, Networks networks, Firewall firewall, Vms vms) {
        this.founding = founding;
        this.transactions = transactions;
        this.networks = networks;
        this.firewall = firewall;
        this.vms = vms;
    }

    @Override
    public String name() {
        return "networks, security groups and VMs";
    }

    @Override
    public void run() {
        TenantId acme = founding.provide("acme", "Acme");
        TenantId globex = founding.provide("globex", "Globex");
        transactions.run(acme, () -> {
            NetworkId office = networks.provide(acme, new NewNetwork("office", "10.0.0.0/24", null));
            SecurityGroupId common = firewall.provideDefaultGroup(acme, DEMO);
            SecurityGroupId web =
                    firewall.provideGroup(acme, DEMO, "web", "Web servers", "ingress,allow,tcp,80,any,The public site");
            SecurityGroupId db = firewall.provideGroup(acme, DEMO, "db", "Databases; nobody gets in yet");
            vm(acme, "web", "Public web site", office, common, web);
            vm(acme, "db", "Orders database", office, common, db);
        });
        transactions.run(globex, () -> {
            NetworkId network = networks.provide(globex, new NewNetwork("lab", "10.0.0.0/24", null));
            vm(globex, "lab", "Experiments", network, firewall.provideDefaultGroup(globex, DEMO));
        });
    }

    private void vm(TenantId tenant, String name, String description, NetworkId network, SecurityGroupId... groups) {
        Choices choices = vms.choices(tenant);
        if (choices.images().isEmpty()) {
            log.warn("There is no image, so {} is not created; set freehold.demo.image-dir", name);
            return;
        }
        if (vms.list(tenant).stream().noneMatch(vm -> vm.name().equals(name))) {
            vms.create(
                    tenant,
                    new NewVm(
                            name,
                            description,
                            choices.images().get(0).id(),
                            choices.flavors().get(0).id(),
                            network,
                            List.of(groups)),
                    null);
        }
    }
}
