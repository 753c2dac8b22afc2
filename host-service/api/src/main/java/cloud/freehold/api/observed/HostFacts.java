package cloud.freehold.api.observed;

import cloud.freehold.api.Problem;
import java.util.List;

/**
 * What a host is and can do. Null in a report: as before.
 *
 * @param accelerator kvm or tcg
 * @param storageFreeBytes of the default pool
 * @param problems what ails the host itself (dataplane, hypervisor)
 * @param pools where volumes can lie; null from a host that has one alone
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
        List<Problem> problems,
        List<Pool> pools) {

    public HostFacts(
            String agentVersion,
            String accelerator,
            String hypervisor,
            String dataplane,
            int cpus,
            long memoryMib,
            long storageFreeBytes,
            long storageTotalBytes,
            List<Problem> problems) {
        this(
                agentVersion,
                accelerator,
                hypervisor,
                dataplane,
                cpus,
                memoryMib,
                storageFreeBytes,
                storageTotalBytes,
                problems,
                null);
    }

    /** @param name 1–40 lower-case letters, digits and dashes */
    public record Pool(String name, boolean byDefault, long freeBytes, long totalBytes) {}
}
