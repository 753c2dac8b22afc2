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
 * @param tunnel where its tunnels to other hosts end; null: it has none
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
        List<Pool> pools,
        Tunnel tunnel) {

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
                null,
                null);
    }

    /**
     * @param device one of those that its dataplane was started with
     * @param address with the prefix that is on the link, IPv4: {@code 192.0.2.1/24}
     * @param gateway towards hosts beyond that prefix; null: none
     * @param vlan that the tunnels' packets are tagged with; 0: untagged
     */
    public record Tunnel(String device, String address, String gateway, int vlan) {}

    /** @param name 1–40 lower-case letters, digits and dashes */
    public record Pool(String name, boolean byDefault, long freeBytes, long totalBytes) {}
}
