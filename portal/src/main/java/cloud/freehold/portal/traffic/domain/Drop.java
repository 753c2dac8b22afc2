package cloud.freehold.portal.traffic.domain;

import cloud.freehold.portal.firewall.PacketWords;
import cloud.freehold.portal.firewall.RuleMention;
import cloud.freehold.portal.traffic.domain.Remedies.Remedy;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * Packets that were dropped at a NIC for one reason, equal ones together.
 *
 * @param ingress they came to the VM
 * @param protocol null with the addresses: they were not IP, or too various to be told apart
 * @param peer the tenant's own NIC at the other end
 * @param service what they were for: "443 (HTTPS)", "echo-request"; empty where there is nothing to say
 * @param remedies how to let them pass; empty where no rule would help
 */
public record Drop(
        TrafficNic nic,
        boolean ingress,
        String reasonCode,
        @Nullable Integer protocolNumber,
        @Nullable String protocol,
        @Nullable String remote,
        @Nullable String local,
        @Nullable Integer port,
        @Nullable TrafficNic peer,
        String service,
        long packets,
        Instant first,
        Instant last,
        @Nullable RuleMention rule,
        List<Remedy> remedies) {

    public String reason() {
        return DropReason.titleOf(reasonCode);
    }

    public String advice() {
        DropReason reason = DropReason.of(reasonCode);
        return reason == null ? "" : reason.advice();
    }

    /** Stays the same while its packets grow. */
    public String key() {
        return "d-"
                + Integer.toHexString(
                        (nic.id() + "|" + ingress + "|" + reasonCode + "|" + (rule == null ? "" : rule.id()) + "|"
                                        + protocolNumber + "|" + remote + "|" + local + "|" + port)
                                .hashCode());
    }

    /** "TCP 22 (SSH) from 192.0.2.7", for a button's label. */
    public String sentence() {
        return protocol == null
                ? reason()
                : protocol + (service.isEmpty() ? "" : " " + service) + (ingress ? " from " : " to ") + remote;
    }

    /** The packet tester with this packet in it, below the tenant's path; null where there is nothing to test. */
    public @Nullable String testPath() {
        if (protocolNumber == null || remote == null || port == null) {
            return null;
        }
        String portWord = PacketWords.portWord(protocolNumber, port);
        return UriComponentsBuilder.fromPath("/firewall/test")
                .queryParam("nic", nic.id())
                .queryParam("direction", ingress ? "ingress" : "egress")
                .queryParam("protocol", PacketWords.protocolWord(protocolNumber))
                .queryParam("remote", remote)
                .queryParam("port", portWord)
                .build()
                .toUriString();
    }
}
