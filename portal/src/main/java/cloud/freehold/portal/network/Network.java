package cloud.freehold.portal.network;

import java.time.Instant;
import java.util.List;

/**
 * @param vni its number on the wire
 * @param nics how many NICs are in it
 */
public record Network(NetworkId id, String name, int vni, int mtu, List<Subnet> subnets, int nics, Instant createdAt) {

    /** @param gateway what the dataplane answers for */
    public record Subnet(String prefix, String gateway, long addressesUsed) {}

    public String prefixes() {
        return String.join(", ", subnets.stream().map(Subnet::prefix).toList());
    }
}
