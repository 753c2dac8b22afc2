package cloud.freehold.agent.libvirt;

import java.util.List;
import java.util.UUID;

/** The NICs of running VMs. Deadlines as of {@link Hypervisor}. */
public interface VmNics {
    /** @param alias the device's name */
    record Plugged(String mac, String alias) {}

    List<Plugged> plugged(UUID vm) throws HypervisorException;

    /**
     * The guest gets it at once. QEMU waits for the dataplane, and the guest with it: the dataplane has to have the NIC's port.
     *
     * @param spec the VM as it would be defined with the NIC
     */
    void plug(DomainSpec spec, DomainSpec.Nic nic) throws HypervisorException;

    /** Asks the guest to let it go; it is gone when {@link #plugged} does not show it any more. */
    void unplug(UUID vm, String alias) throws HypervisorException;
}
