package cloud.freehold.portal.traffic.domain;

import cloud.freehold.portal.firewall.PacketWords;
import cloud.freehold.portal.firewall.RuleMention;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A connection of a NIC as it was.
 *
 * @param ingress it was opened from outside
 * @param remotePort of ICMP: identifier or type, as {@code localPort}
 * @param publicAddress the NIC's end as seen outside; null: it was not translated
 * @param peer the tenant's own NIC that has the remote address now
 * @param ruleId that allowed it; null: a default, or not known any more
 * @param rule the same as it is now; null when it is gone
 */
public record Flow(
        long sequence,
        boolean ingress,
        FlowEnd end,
        int protocolNumber,
        String remote,
        int remotePort,
        String local,
        int localPort,
        @Nullable String publicAddress,
        @Nullable Integer publicPort,
        @Nullable TrafficNic peer,
        long receivedBytes,
        long receivedPackets,
        long sentBytes,
        long sentPackets,
        Instant first,
        Instant last,
        @Nullable UUID ruleId,
        @Nullable RuleMention rule) {

    public String protocol() {
        return PacketWords.protocol(protocolNumber);
    }

    /** What it was for: "443 (HTTPS)", "echo-request"; empty where there is nothing to say. */
    public String service() {
        return PacketWords.port(protocolNumber, ingress ? localPort : remotePort);
    }

    /** The port that the other end opened it from; null where there is none. */
    public @Nullable Integer openedFrom() {
        return ingress && PacketWords.hasPorts(protocolNumber) ? Integer.valueOf(remotePort) : null;
    }

    public String lasted() {
        return Spans.words(Duration.between(first, last).toMillis());
    }
}
