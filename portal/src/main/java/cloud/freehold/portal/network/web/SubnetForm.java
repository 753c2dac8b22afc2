package cloud.freehold.portal.network.web;

import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.SubnetSpec;
import org.jspecify.annotations.Nullable;

/** @param dns addresses with commas or blanks between them */
record SubnetForm(
        @Nullable String prefix,
        @Nullable String gateway,
        @Nullable String dns,
        @Nullable Boolean dhcp) {

    static SubnetForm empty() {
        return new SubnetForm("", "", "", true);
    }

    static SubnetForm of(Network.Subnet subnet) {
        return new SubnetForm(subnet.prefix(), subnet.gateway(), String.join(", ", subnet.dnsServers()), subnet.dhcp());
    }

    SubnetSpec toCommand() {
        return new SubnetSpec(
                FormText.text(prefix), FormText.given(gateway), FormText.list(dns), Boolean.TRUE.equals(dhcp));
    }
}
