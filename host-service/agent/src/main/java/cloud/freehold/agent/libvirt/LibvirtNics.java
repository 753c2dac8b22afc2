package cloud.freehold.agent.libvirt;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** {@link VmNics} by libvirt. */
final class LibvirtNics implements VmNics {
    private static final Duration PLUG = Duration.ofSeconds(20);

    private final LibvirtHypervisor hypervisor;
    private final LibvirtLibrary library;

    LibvirtNics(LibvirtHypervisor hypervisor, LibvirtLibrary library) {
        this.hypervisor = hypervisor;
        this.library = library;
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
        var xml = DomainXml.nic(spec, nic);
        hypervisor.act(
                spec.vm(),
                "plug a NIC of",
                PLUG,
                domain -> library.virDomainAttachDeviceFlags(domain, xml, LibvirtLibrary.AFFECT_LIVE));
    }

    @Override
    public void unplug(UUID vm, String alias) throws HypervisorException {
        hypervisor.act(
                vm,
                "unplug a NIC of",
                PLUG,
                domain -> library.virDomainDetachDeviceAlias(domain, alias, LibvirtLibrary.AFFECT_LIVE));
    }
}
