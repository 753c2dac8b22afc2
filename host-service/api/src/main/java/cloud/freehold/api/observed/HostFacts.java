package cloud.freehold.api.observed;

import cloud.freehold.api.Problem;
import java.util.List;

/**
 * What a host is and can do. Null in a report: as before.
 *
 * @param accelerator kvm or tcg
 * @param problems what ails the host itself (dataplane, hypervisor)
 */
public record HostFacts(
        String agentVersion,
        String accelerator,
        String hypervisor,
        String dataplane,
        int cpus,
        long memoryMib,
        long storageFreeBytes,
        long storageTotalBytes,
        List<Problem> problems) {}
