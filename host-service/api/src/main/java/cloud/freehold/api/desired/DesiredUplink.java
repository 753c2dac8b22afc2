package cloud.freehold.api.desired;

import java.util.UUID;

/**
 * What a host's dataplane does with one of the devices that it was started with ({@code --uplink}): the host's own place
 * in the network that leads to the other hosts and to the outside.
 *
 * @param device its name on the host
 * @param mtu of the packets on the link; 0: that of the device
 * @param vlan that tunnels' own packets are tagged with; 0: untagged
 * @param address the tunnel end with the prefix that is on the link ({@code 192.0.2.1/24}), IPv4, which the host's kernel
 *     must not have; null: no tunnels
 * @param gateway towards tunnel ends elsewhere; null: none
 * @param mac null: one of its own; the device's where a network takes only that
 */
public record DesiredUplink(
        UUID id, long revision, String device, int mtu, int vlan, String address, String gateway, String mac) {}
