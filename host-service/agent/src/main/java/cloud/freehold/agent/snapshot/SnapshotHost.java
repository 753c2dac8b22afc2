package cloud.freehold.agent.snapshot;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.moment.HeldGuests;
import cloud.freehold.agent.moment.Moments;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.agent.storage.VmFiles;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What orders about snapshots work with.
 *
 * @param shape of a VM: what has to be the same for its memory to be put back; null: there is no such VM
 * @param kick lets the VM's reconciler look again
 */
public record SnapshotHost(
        AgentConfig config,
        Supplier<Desired> desired,
        Hypervisor hypervisor,
        HeldGuests held,
        VmFiles files,
        DiskUse diskUse,
        Function<UUID, String> shape,
        Consumer<UUID> kick,
        Clock clock) {

    Moments moments() {
        return new Moments(hypervisor, held, clock);
    }

    SnapshotBook book() {
        return new SnapshotBook(files);
    }

    boolean isOn(UUID vm) throws HypervisorException {
        return hypervisor.find(vm).filter(domain -> !domain.state().isOff()).isPresent();
    }

    /**
     * @param what for the tenant, should the VM be to start meanwhile
     * @return empty: it is on, or somebody else uses its disks
     */
    Optional<DiskUse.Use> keepOff(UUID vm, String what) throws HypervisorException {
        var use = diskUse.take(vm, what, () -> {});
        try {
            if (use.isPresent() && !isOn(vm)) {
                return use;
            }
        } catch (HypervisorException | RuntimeException e) {
            use.ifPresent(DiskUse.Use::close);
            throw e;
        }
        use.ifPresent(DiskUse.Use::close);
        return Optional.empty();
    }
}
