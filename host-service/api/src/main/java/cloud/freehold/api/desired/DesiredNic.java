package cloud.freehold.api.desired;

import java.util.List;
import java.util.UUID;

/**
 * @param index position in the VM (eth0 …)
 * @param mac six hex pairs with colons, lower case
 * @param addresses the NIC's IPv4 and IPv6 addresses, without prefix length
 * @param allowedAddressPairs further source prefixes, CIDR
 * @param incarnation grows when the NIC becomes another one for its peers (re-created)
 * @param connectionQuota most tracked connections
 * @param establishedTimeoutSeconds 60–432000
 */
public record DesiredNic(
        UUID id,
        long revision,
        UUID tenantId,
        UUID vmId,
        UUID networkId,
        int index,
        String mac,
        List<String> addresses,
        List<String> allowedAddressPairs,
        boolean portSecurity,
        long incarnation,
        int queuePairs,
        int connectionQuota,
        int establishedTimeoutSeconds,
        List<UUID> securityGroupIds) {}
