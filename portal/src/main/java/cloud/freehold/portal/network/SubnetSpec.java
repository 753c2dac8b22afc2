package cloud.freehold.portal.network;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a subnet should be.
 *
 * @param prefix IPv4 from /8 to /28, or an IPv6 /64; it never changes, another prefix is another subnet
 * @param gateway null: the first address
 * @param dnsServers at most 4, of the prefix's family
 * @param dhcp whether guests are told their addresses
 */
public record SubnetSpec(String prefix, @Nullable String gateway, List<String> dnsServers, boolean dhcp) {}
