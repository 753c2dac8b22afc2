package cloud.freehold.agent.backup;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.moment.HeldGuests;
import cloud.freehold.agent.moment.Moments;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.agent.storage.ScratchFiles;
import cloud.freehold.agent.storage.VmFiles;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What orders about recovery points work with.
 *
 * @param kvm whether guests run under KVM here
 * @param kick lets the VM's reconciler look again
 */
public record BackupHost(
        AgentConfig config,
        Supplier<Desired> desired,
        Hypervisor hypervisor,
        HeldGuests held,
        VmFiles files,
        DiskUse diskUse,
        Consumer<UUID> kick,
        BooleanSupplier kvm,
        Clock clock) {

    Moments moments() {
        return new Moments(hypervisor, held, clock);
    }

    ScratchFiles scratch() {
        return new ScratchFiles(files, config.qemuUser());
    }

    StoreProcess store() {
        return new StoreProcess(config);
    }

    boolean isOn(UUID vm) throws HypervisorException {
        return running(vm).isPresent();
    }

    /** The VM, if it is on. */
    Optional<Domain> running(UUID vm) throws HypervisorException {
        return hypervisor.find(vm).filter(domain -> !domain.state().isOff());
    }
}
