package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.DescribedPacket;

/**
 * A packet to be tested at a NIC.
 *
 * @param nic at whose end the question was asked
 */
public record TestedPacket(TrafficNic nic, DescribedPacket packet) {

    public boolean ingress() {
        return packet.ingress();
    }

    public String remote() {
        return packet.ingress() ? packet.source() : packet.destination();
    }
}
