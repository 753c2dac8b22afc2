package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.NetworkNic;
import cloud.freehold.portal.network.SubnetSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Component;

/** Leads a network from the subnets that it has to those that it should have, with the addresses of its NICs. */
@Component
class SubnetChanges {

    private final NetworkRows rows;
    private final StoredNics nics;
    private final NicAddresses addresses;
    private final Uuid7 ids;

    SubnetChanges(NetworkRows rows, StoredNics nics, NicAddresses addresses, Uuid7 ids) {
        this.rows = rows;
        this.nics = nics;
        this.addresses = addresses;
        this.ids = ids;
    }

    /** @return whether anything changed */
    boolean apply(TenantId tenant, Network network, List<SubnetSpec> wanted) {
        Map<IpRange, SubnetSpec> coming = new LinkedHashMap<>();
        wanted.forEach(spec -> coming.put(IpRange.prefix(spec.prefix()).orElseThrow(), spec));
        boolean changed = false;
        boolean readdressed = false;
        for (Network.Subnet present : network.subnets()) {
            SubnetSpec spec = coming.remove(IpRange.prefix(present.prefix()).orElseThrow());
            if (spec == null) {
                rows.deleteSubnet(tenant, present.id());
                readdressed = true;
            } else if (differs(present, spec)) {
                requireFree(tenant, network, present, spec);
                rows.updateSubnet(tenant, present.id(), spec);
                changed = true;
            }
        }
        for (SubnetSpec spec : coming.values()) {
            java.util.UUID id = ids.next();
            rows.insertSubnet(tenant, network.id(), id, spec);
            addresses.allocateInSubnet(tenant, network.id(), id);
            readdressed = true;
        }
        if (readdressed) {
            nics.readdressed(tenant, network.id());
        }
        return changed || readdressed;
    }

    /** However addresses are written. */
    private static boolean differs(Network.Subnet present, SubnetSpec spec) {
        return present.dhcp() != spec.dhcp()
                || !addresses(List.of(present.gateway())).equals(addresses(List.of(String.valueOf(spec.gateway()))))
                || !addresses(present.dnsServers()).equals(addresses(spec.dnsServers()));
    }

    private static List<IpRange> addresses(List<String> texts) {
        return texts.stream().flatMap(text -> IpRange.address(text).stream()).toList();
    }

    private void requireFree(TenantId tenant, Network network, Network.Subnet present, SubnetSpec spec) {
        List<IpRange> gateway = addresses(List.of(String.valueOf(spec.gateway())));
        if (gateway.equals(addresses(List.of(present.gateway())))) {
            return;
        }
        for (NetworkNic nic : nics.in(tenant, network.id())) {
            if (addresses(nic.addresses()).containsAll(gateway)) {
                throw NetworkCheck.refused(
                        "gateway", spec.gateway() + " is the address of " + nic.name() + ". Choose another.");
            }
        }
    }
}
