package cloud.freehold.portal.traffic.domain;

import cloud.freehold.portal.firewall.PacketWords;

/** Port security: from which addresses a NIC may send. */
final class SenderCheck {

    private SenderCheck() {}

    static boolean maySendFrom(TrafficNic nic, String source) {
        return nic.spoofing()
                || nic.addresses().contains(source)
                || source.startsWith("fe80:")
                || nic.alsoFrom().stream().anyMatch(prefix -> PacketWords.covers(prefix, source));
    }
}
