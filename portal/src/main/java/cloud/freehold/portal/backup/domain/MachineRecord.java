package cloud.freehold.portal.backup.domain;

import java.util.List;
import java.util.UUID;

/** What a VM was when a point was taken: enough to build it again. */
public record MachineRecord(
        String name,
        String description,
        UUID imageId,
        UUID flavorId,
        int vcpus,
        long memoryMib,
        List<Nic> nics,
        List<String> labels) {

    public record Nic(UUID networkId, List<UUID> securityGroupIds) {}
}
