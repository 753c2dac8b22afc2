package cloud.freehold.agent.dataplane;

import static cloud.freehold.agent.dataplane.Encoder.address;
import static cloud.freehold.agent.dataplane.Encoder.addresses;
import static cloud.freehold.agent.dataplane.Encoder.atMost;
import static cloud.freehold.agent.dataplane.Encoder.id;
import static cloud.freehold.agent.dataplane.Encoder.mac;
import static cloud.freehold.agent.dataplane.Encoder.orEmpty;
import static cloud.freehold.agent.dataplane.Encoder.sized;
import static cloud.freehold.agent.dataplane.Encoder.text;
import static cloud.freehold.agent.dataplane.Layouts.ID;
import static cloud.freehold.agent.dataplane.Layouts.REMOTE_PORT;
import static cloud.freehold.agent.dataplane.Layouts.ROUTE;
import static cloud.freehold.agent.dataplane.Layouts.ROUTER;
import static cloud.freehold.agent.dataplane.Layouts.SEGMENT;
import static cloud.freehold.agent.dataplane.Layouts.SUBNET;
import static cloud.freehold.agent.dataplane.Layouts.UPLINK;

import cloud.freehold.api.desired.DesiredNetwork;
import cloud.freehold.api.desired.DesiredRemoteNic;
import cloud.freehold.api.desired.DesiredRouter;
import cloud.freehold.api.desired.DesiredUplink;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;

/** Writes networks and what joins them; see {@link Encoder}. */
final class NetworkEncoder {
    private static final int SEGMENT_EXTERNAL = 1;

    static Memory segment(DesiredNetwork network) {
        var subnets = network.subnets();
        atMost(Layouts.MAX_SUBNETS, subnets.size(), "subnets in a network");
        var segment = sized(SEGMENT);
        segment.setInt(SEGMENT.at("vni"), network.vni());
        id(segment, SEGMENT.at("id"), network.id());
        if (network.tenantId() != null) {
            id(segment, SEGMENT.at("tenant"), network.tenantId());
        }
        segment.setLong(SEGMENT.at("generation"), network.revision());
        segment.setInt(SEGMENT.at("mtu"), network.mtu());
        if (network.gatewayMac() != null) {
            segment.write(SEGMENT.at("gateway_mac"), mac(network.gatewayMac()), 0, 6);
        }
        if (network.transport() != null) {
            transport(segment, network.transport());
        }
        segment.setShort(SEGMENT.at("flags"), (short) (network.external() ? SEGMENT_EXTERNAL : 0));
        segment.setInt(SEGMENT.at("n_subnets"), subnets.size());
        for (int i = 0; i < subnets.size(); i++) {
            subnet(segment, SEGMENT.at("subnets") + (long) i * SUBNET.size(), subnets.get(i));
        }
        return segment;
    }

    private static void subnet(Pointer to, long offset, DesiredNetwork.Subnet subnet) {
        var dns = orEmpty(subnet.dnsServers());
        atMost(Layouts.MAX_DNS, dns.size(), "DNS servers in a subnet");
        address(to, offset + SUBNET.at("prefix"), subnet.cidr());
        if (subnet.gateway() != null) {
            address(to, offset + SUBNET.at("gateway"), subnet.gateway());
        }
        addresses(to, offset + SUBNET.at("dns"), dns);
        to.setInt(offset + SUBNET.at("n_dns"), dns.size());
        to.setInt(offset + SUBNET.at("dhcp"), subnet.dhcp() ? 1 : 0);
    }

    private static void transport(Pointer to, DesiredNetwork.Transport transport) {
        int kind = switch (transport.kind()) {
            case VXLAN -> 1;
            case VLAN -> 2;
            case QINQ -> 3;
        };
        id(to, SEGMENT.at("uplink"), transport.uplinkId());
        to.setShort(SEGMENT.at("transport"), (short) kind);
        to.setShort(SEGMENT.at("vlan"), (short) transport.vlan());
        to.setShort(SEGMENT.at("outer_vlan"), (short) transport.outerVlan());
    }

    static Memory router(DesiredRouter router) {
        var networks = orEmpty(router.networkIds());
        var routes = orEmpty(router.routes());
        atMost(Layouts.MAX_ROUTER_SEGMENTS, networks.size(), "networks of a router");
        atMost(Layouts.MAX_ROUTER_ROUTES, routes.size(), "routes of a router");
        var memory = sized(ROUTER);
        id(memory, ROUTER.at("id"), router.id());
        id(memory, ROUTER.at("tenant"), router.tenantId());
        memory.setLong(ROUTER.at("generation"), router.revision());
        memory.setInt(ROUTER.at("n_segments"), networks.size());
        memory.setInt(ROUTER.at("n_routes"), routes.size());
        for (int i = 0; i < networks.size(); i++) {
            id(memory, ROUTER.at("segments") + (long) i * ID.size(), networks.get(i));
        }
        for (int i = 0; i < routes.size(); i++) {
            long at = ROUTER.at("routes") + (long) i * ROUTE.size();
            address(memory, at + ROUTE.at("prefix"), routes.get(i).cidr());
            address(memory, at + ROUTE.at("via"), routes.get(i).nextHop());
        }
        if (router.externalNetworkId() != null) {
            id(memory, ROUTER.at("external"), router.externalNetworkId());
        }
        return memory;
    }

    static Memory uplink(DesiredUplink uplink) {
        var memory = sized(UPLINK);
        id(memory, UPLINK.at("id"), uplink.id());
        memory.setLong(UPLINK.at("generation"), uplink.revision());
        text(memory, UPLINK.at("device"), Layouts.MAX_DEVICE, uplink.device());
        memory.setInt(UPLINK.at("mtu"), uplink.mtu());
        memory.setShort(UPLINK.at("vlan"), (short) uplink.vlan());
        if (uplink.address() != null) {
            address(memory, UPLINK.at("address"), uplink.address());
        }
        if (uplink.gateway() != null) {
            address(memory, UPLINK.at("gateway"), uplink.gateway());
        }
        if (uplink.mac() != null) {
            memory.write(UPLINK.at("mac"), mac(uplink.mac()), 0, 6);
        }
        return memory;
    }

    static Memory remoteNic(DesiredRemoteNic nic) {
        var addresses = orEmpty(nic.addresses());
        atMost(Layouts.MAX_PORT_ADDRS, addresses.size(), "addresses of a NIC");
        var memory = sized(REMOTE_PORT);
        id(memory, REMOTE_PORT.at("id"), nic.id());
        id(memory, REMOTE_PORT.at("segment"), nic.networkId());
        id(memory, REMOTE_PORT.at("tenant"), nic.tenantId());
        memory.setLong(REMOTE_PORT.at("generation"), nic.revision());
        memory.write(REMOTE_PORT.at("mac"), mac(nic.mac()), 0, 6);
        if (nic.tunnel() != null) {
            address(memory, REMOTE_PORT.at("tunnel"), nic.tunnel());
        }
        memory.setInt(REMOTE_PORT.at("n_addrs"), addresses.size());
        addresses(memory, REMOTE_PORT.at("addrs"), addresses);
        return memory;
    }

    private NetworkEncoder() {}
}
