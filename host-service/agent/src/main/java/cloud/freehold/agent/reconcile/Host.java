package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.dataplane.Dataplane;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.moment.HeldGuests;
import cloud.freehold.agent.report.Observations;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.agent.storage.VmFiles;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** What all machines share. */
record Host(
        AgentConfig config,
        Supplier<Desired> desired,
        Hypervisor hypervisor,
        Ports ports,
        VmFiles files,
        DiskUse diskUse,
        HeldGuests held,
        MemoryLedger memory,
        PowerMemory power,
        AcceleratorChoice accelerator,
        Observations observations,
        Machines.Timer timer,
        Executor workers,
        Clock clock) {

    /** The dataplane's side of NICs. */
    interface Ports {
        boolean await(Map<UUID, Long> incarnations, Duration atMost) throws InterruptedException;

        static Ports of(Dataplane dataplane) {
            return dataplane::awaitPorts;
        }
    }
}
