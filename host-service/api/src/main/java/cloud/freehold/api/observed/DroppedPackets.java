package cloud.freehold.api.observed;

import java.time.Instant;
import java.util.UUID;

/**
 * Packets that a NIC's dataplane dropped for the same reason, equal ones together. A sample: a flood is not told packet by
 * packet. {@link ObservedNic#dropReasons()} counts all of them.
 *
 * @param ingress they came to the VM
 * @param reason the dataplane's name of it, such as {@code default} or {@code rule}
 * @param ruleId that said drop; null: none did
 * @param protocol 0–255; null with all that follows: they were not IP, or too various to be told apart
 * @param remote the other end's address
 * @param local the VM's
 * @param port the receiver's; of ICMP: type × 256 + code
 * @param count of those that were seen since the last report
 * @param first by the host's clock
 */
public record DroppedPackets(
        UUID nicId,
        boolean ingress,
        String reason,
        UUID ruleId,
        Integer protocol,
        String remote,
        String local,
        Integer port,
        long count,
        Instant first,
        Instant last) {}
