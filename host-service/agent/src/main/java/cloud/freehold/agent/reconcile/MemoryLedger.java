package cloud.freehold.agent.reconcile;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Which VM takes how much of the host's memory; more than there is for VMs is not given away. Thread-safe. */
final class MemoryLedger {
    /** What QEMU takes beside the guest's memory. */
    private static final long OVERHEAD_MIB = 96;

    private final long totalMib;
    private final Map<UUID, Long> taken = new HashMap<>();

    MemoryLedger(long totalMib) {
        this.totalMib = totalMib;
    }

    /** For a VM that runs already. */
    synchronized void runs(UUID vm, long memoryMib) {
        taken.put(vm, memoryMib + OVERHEAD_MIB);
    }

    /** @return false: not enough is left */
    synchronized boolean take(UUID vm, long memoryMib) {
        long others = taken.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(vm))
                .mapToLong(Map.Entry::getValue)
                .sum();
        if (others + memoryMib + OVERHEAD_MIB > totalMib) {
            return false;
        }
        taken.put(vm, memoryMib + OVERHEAD_MIB);
        return true;
    }

    synchronized void release(UUID vm) {
        taken.remove(vm);
    }
}
