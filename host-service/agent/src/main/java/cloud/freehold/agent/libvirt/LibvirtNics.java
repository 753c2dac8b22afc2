package cloud.freehold.agent.libvirt;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** {@link VmNics} by libvirt. */
final class LibvirtNics implements VmNics {
    private final LibvirtHypervisor hypervisor;

    LibvirtNics(LibvirtHypervisor hypervisor) {
        this.hypervisor = hypervisor;
    }

    @Override
    public List<Plugged> plugged(UUID vm) throws HypervisorException {
        return parse(hypervisor.describe(vm));
    }

    static List<Plugged> parse(String xml) throws HypervisorException {
        var found = new ArrayList<Plugged>();
        for (var nic : Described.devices(xml, "interface")) {
            found.add(
                    new Plugged(Described.attribute(nic, "mac", "address"), Described.attribute(nic, "alias", "name")));
        }
        return found;
    }

    @Override
    public void plug(DomainSpec spec, DomainSpec.Nic nic) throws HypervisorException {
        hypervisor.attach(spec.vm(), "plug a NIC of", DomainXml.nic(spec, nic));
    }

    @Override
    public void unplug(UUID vm, String alias) throws HypervisorException {
        hypervisor.detach(vm, "unplug a NIC of", alias);
    }
}
