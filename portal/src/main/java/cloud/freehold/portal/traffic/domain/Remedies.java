package cloud.freehold.portal.traffic.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.firewall.GroupChoice;
import cloud.freehold.portal.firewall.PacketWords;
import java.util.List;
import org.springframework.stereotype.Component;
import org.springframework.web.util.UriComponentsBuilder;

/** Ways to let pass what was dropped: the editors of the NIC's groups, with the rule filled in. */
@Component
public class Remedies {

    private final Firewall firewall;

    Remedies(Firewall firewall) {
        this.firewall = firewall;
    }

    /**
     * @param group whose editor it is
     * @param path below the tenant's
     */
    public record Remedy(String group, String path) {}

    /** The groups of one NIC. */
    public record Offer(List<GroupChoice> groups) {

        /**
         * @param port the receiver's; of ICMP: type × 256 + code
         * @return empty: the NIC has no group that a rule could go into
         */
        public List<Remedy> allow(boolean ingress, int protocol, String remote, int port) {
            String ports = PacketWords.portWord(protocol, port);
            return groups.stream()
                    .map(group -> new Remedy(
                            group.name(),
                            UriComponentsBuilder.fromPath("/firewall/groups/" + group.id())
                                    .queryParam("add", ingress ? "ingress" : "egress")
                                    .queryParam("protocol", PacketWords.protocolWord(protocol))
                                    .queryParam("ports", ports)
                                    .queryParam("remote", remote)
                                    .fragment("new-rule")
                                    .build()
                                    .toUriString()))
                    .toList();
        }
    }

    /** In an open transaction of the tenant. */
    public Offer offer(TenantId tenant, TrafficNic nic) {
        return new Offer(firewall.attachedTo(tenant, nic.id()));
    }
}
