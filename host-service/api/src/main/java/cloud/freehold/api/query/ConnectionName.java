package cloud.freehold.api.query;

/**
 * Names one connection, so that exactly this one is ended and not another that took its place.
 *
 * @param handle the dataplane's number of it
 * @param protocol 0–255
 * @param source sender of its first packet, an address
 * @param sourcePort of ICMP: the identifier
 * @param destinationPort of ICMP: type × 256 + code
 */
public record ConnectionName(
        long handle, int protocol, String source, int sourcePort, String destination, int destinationPort) {}
