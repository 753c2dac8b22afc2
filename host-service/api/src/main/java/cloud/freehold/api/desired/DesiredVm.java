package cloud.freehold.api.desired;

import java.util.List;
import java.util.UUID;

/**
 * @param revision the host revision at which this object last changed
 * @param memoryMib 64 … maxMemoryMib
 * @param vcpus 1 … maxVcpus
 */
public record DesiredVm(
        UUID id,
        long revision,
        UUID tenantId,
        String name,
        PowerState power,
        int vcpus,
        int maxVcpus,
        long memoryMib,
        long maxMemoryMib,
        DesiredImage image,
        List<DesiredVolume> volumes) {}
