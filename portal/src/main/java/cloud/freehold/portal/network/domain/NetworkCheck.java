package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.SubnetSpec;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/** What subnets may be, each for itself and all of a network together. */
final class NetworkCheck {

    private NetworkCheck() {}

    /** The subnets as they are saved: with their gateways, texts without blanks around. */
    static List<SubnetSpec> subnets(List<SubnetSpec> wanted) {
        if (wanted.size() > Networks.MOST_SUBNETS) {
            throw refused("prefix", "A network has at most " + Networks.MOST_SUBNETS + " subnets.");
        }
        List<SubnetSpec> checked = new ArrayList<>();
        List<IpRange> before = new ArrayList<>();
        for (SubnetSpec spec : wanted) {
            IpRange range = Prefixes.check("prefix", spec.prefix());
            before.stream().filter(range::overlaps).findFirst().ifPresent(other -> {
                throw refused(
                        "prefix",
                        spec.prefix().strip()
                                + " overlaps with another subnet of this network. Choose another prefix.");
            });
            before.add(range);
            checked.add(new SubnetSpec(
                    spec.prefix().strip(), gateway(range, spec.gateway()), dns(range, spec.dnsServers()), spec.dhcp()));
        }
        return checked;
    }

    private static String gateway(IpRange range, @org.jspecify.annotations.Nullable String wanted) {
        if (wanted == null || wanted.isBlank()) {
            return text(range.first().add(BigInteger.ONE), range.family());
        }
        IpRange gateway = IpRange.address(wanted.strip())
                .filter(range::contains)
                .orElseThrow(
                        () -> refused("gateway", "The gateway is an address in the subnet; empty: its first one."));
        boolean edge = gateway.first().equals(range.first())
                || range.family() == 4 && gateway.first().equals(range.last());
        if (edge) {
            throw refused(
                    "gateway",
                    "The first and the last address of a subnet have a meaning of their own. Choose another.");
        }
        return wanted.strip();
    }

    private static List<String> dns(IpRange range, List<String> wanted) {
        if (wanted.size() > Networks.MOST_DNS_SERVERS) {
            throw refused("dns", "A subnet has at most " + Networks.MOST_DNS_SERVERS + " DNS servers.");
        }
        List<String> servers = new ArrayList<>();
        for (String each : wanted) {
            IpRange server = IpRange.address(each.strip())
                    .orElseThrow(() -> refused("dns", "Write each DNS server as an address, such as 9.9.9.9."));
            if (server.family() != range.family()) {
                throw refused(
                        "dns",
                        "DNS servers of an IPv" + range.family() + " subnet are IPv" + range.family() + " addresses.");
            }
            servers.add(each.strip());
        }
        return List.copyOf(servers);
    }

    private static String text(BigInteger address, int family) {
        byte[] bytes = new byte[family == 4 ? 4 : 16];
        byte[] number = address.toByteArray();
        int length = Math.min(number.length, bytes.length);
        System.arraycopy(number, number.length - length, bytes, bytes.length - length, length);
        try {
            return InetAddress.getByAddress(bytes).getHostAddress();
        } catch (UnknownHostException e) {
            throw new IllegalStateException("An address has 4 or 16 bytes", e);
        }
    }

    static InvalidInputException refused(String field, String why) {
        return InvalidInputException.field("network.subnet", field, why);
    }
}
