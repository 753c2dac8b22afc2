package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.desired.Desired;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRemoteNic;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Uplinks that the dataplane was not started with. It takes them all the same, and what hangs on them leads nowhere until
 * it is; whoever misses that is told here.
 */
final class MissingUplinks {
    /** Networks whose way out is missing: the device. */
    private final Map<UUID, String> devices = new HashMap<>();
    /** Networks with NICs on other hosts. */
    private final Set<UUID> spread = new HashSet<>();
    /** Networks whose router leads outside: the external network. */
    private final Map<UUID, UUID> outside = new HashMap<>();

    private MissingUplinks() {}

    static MissingUplinks of(Desired desired, Set<String> present) {
        var missing = new MissingUplinks();
        for (var network : desired.networks().values()) {
            var uplink = network.transport() == null
                    ? null
                    : desired.uplinks().get(network.transport().uplinkId());
            if (uplink != null && !present.contains(uplink.device())) {
                missing.devices.put(network.id(), uplink.device());
            }
        }
        if (!missing.devices.isEmpty()) {
            desired.remoteNics().values().stream()
                    .map(DesiredRemoteNic::networkId)
                    .forEach(missing.spread::add);
            for (var router : desired.routers().values()) {
                router.networkIds().forEach(network -> missing.outside.put(network, router.externalNetworkId()));
            }
        }
        return missing;
    }

    /** What the NIC lacks; null: nothing. */
    String reason(DesiredNic nic) {
        var tunnels = spread.contains(nic.networkId()) ? devices.get(nic.networkId()) : null;
        if (tunnels != null) {
            return reason("other hosts", tunnels) + "VMs on other hosts do not reach this interface, nor it them.";
        }
        var out = nic.publicAddresses().isEmpty() ? null : devices.get(outside.get(nic.networkId()));
        return out == null
                ? null
                : reason("the network outside", out) + "The public addresses of this interface do not work.";
    }

    private static String reason(String where, String device) {
        return "The host has no way to " + where + ": its dataplane was not started with --uplink " + device + ". ";
    }
}
