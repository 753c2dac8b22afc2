package cloud.freehold.api.desired;

import java.util.List;
import java.util.UUID;

/**
 * A NIC on another host (or a foreign machine), in a network that an uplink carries. Its rules are enforced there.
 *
 * <p>A host gets those of all networks that its own NICs are in, and of the networks that are routed together with them.
 *
 * @param addresses without prefix length
 * @param tunnel the address of the other host's tunnel end, for networks that are VXLANs; null for others
 */
public record DesiredRemoteNic(
        UUID id, long revision, UUID tenantId, UUID networkId, String mac, List<String> addresses, String tunnel) {}
