package cloud.freehold.agent.dataplane;

import java.time.Instant;
import java.util.UUID;

/**
 * A packet that the dataplane dropped.
 *
 * @param rule that said drop; null: none did
 * @param protocol null with addresses and ports: it was no IP packet
 * @param sourcePort of ICMP: the identifier
 * @param destinationPort of ICMP: type × 256 + code
 */
public record DropEvent(
        Instant at,
        UUID nic,
        boolean ingress,
        String reason,
        UUID rule,
        Integer protocol,
        String source,
        String destination,
        int sourcePort,
        int destinationPort) {}
