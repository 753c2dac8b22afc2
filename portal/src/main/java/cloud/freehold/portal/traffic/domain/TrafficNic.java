package cloud.freehold.portal.traffic.domain;

import java.util.List;
import java.util.UUID;

/**
 * A NIC as far as its traffic is concerned.
 *
 * @param addresses in their canonical form, IPv4 first
 * @param connectionQuota most connections at a time
 * @param spoofing it may send from addresses that are not its own: port security is off
 * @param alsoFrom further prefixes that it may send from
 */
public record TrafficNic(
        UUID id,
        UUID vmId,
        String vmName,
        int index,
        UUID networkId,
        List<String> addresses,
        int connectionQuota,
        boolean spoofing,
        List<String> alsoFrom) {

    public String name() {
        return vmName + "/eth" + index;
    }
}
