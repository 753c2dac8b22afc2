package cloud.freehold.api.query;

/**
 * A packet that nobody sends.
 *
 * @param ingress it comes to the VM
 * @param protocol 0–255
 * @param tcpFlags as on the wire: FIN 1, SYN 2, RST 4, PSH 8, ACK 16
 * @param source an address
 * @param sourcePort of ICMP: the identifier
 * @param destinationPort of ICMP: type × 256 + code
 */
public record DescribedPacket(
        boolean ingress,
        int protocol,
        int tcpFlags,
        String source,
        int sourcePort,
        String destination,
        int destinationPort) {}
