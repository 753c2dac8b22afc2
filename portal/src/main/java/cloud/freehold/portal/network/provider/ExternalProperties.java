package cloud.freehold.portal.network.provider;

import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/** The provider's networks outside; without one, tenants' networks lead nowhere. */
@ConfigurationProperties("freehold.external")
record ExternalProperties(@DefaultValue List<Outside> networks) {

    /**
     * @param prefix IPv4
     * @param gateway the router there, which answers ARP
     * @param first of the addresses that tenants get, up to and including last
     * @param mtu of the packets on the link
     * @param vlan the tag on the link; 0: untagged
     * @param uplinks by the name of a host: the device, one of those that its dataplane was started with (--uplink)
     */
    record Outside(
            String name,
            String prefix,
            String gateway,
            String first,
            String last,
            @DefaultValue("1500") int mtu,
            @DefaultValue("0") int vlan,
            @DefaultValue Map<String, String> uplinks) {}
}
