package cloud.freehold.agent;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import cloud.freehold.api.desired.DesiredImage;
import cloud.freehold.api.desired.DesiredNetwork;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRemoteNic;
import cloud.freehold.api.desired.DesiredRouter;
import cloud.freehold.api.desired.DesiredRule;
import cloud.freehold.api.desired.DesiredSecurityGroup;
import cloud.freehold.api.desired.DesiredState;
import cloud.freehold.api.desired.DesiredUplink;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.desired.PowerState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Desired objects for tests, with names instead of ids. */
public final class Objects {
    public static final UUID EPOCH = id("epoch");
    public static final UUID TENANT = id("tenant");
    public static final SetRef MEMBERS = new SetRef(ObjectKind.GROUP_MEMBERS, id("group"));

    public static UUID id(String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    public static DesiredVm vm(String name, long revision, PowerState power) {
        return new DesiredVm(
                id(name),
                revision,
                TENANT,
                name,
                power,
                1,
                2,
                256,
                256,
                new DesiredImage(id("image"), "image", List.of(), null),
                List.of(new DesiredVolume(id(name + "-disk"), "boot", 0, 1 << 20, DesiredVolume.Origin.BLANK, null)));
    }

    public static DesiredNic nic(String name, String vm, long revision) {
        return new DesiredNic(
                id(name),
                revision,
                TENANT,
                id(vm),
                id("network"),
                0,
                "0a:58:00:00:00:01",
                List.of("10.0.0.5", "2001:db8::5"),
                List.of("10.9.0.0/24"),
                true,
                1,
                1,
                4096,
                86400,
                List.of(id("group")));
    }

    public static DesiredNetwork network(long revision) {
        return new DesiredNetwork(
                id("network"),
                revision,
                TENANT,
                7,
                1500,
                "0a:58:00:00:00:fe",
                List.of(new DesiredNetwork.Subnet("10.0.0.0/24", "10.0.0.1", List.of("10.0.0.1"), true)));
    }

    /** The outside, reached over {@link #uplink}. */
    public static DesiredNetwork external(long revision) {
        return new DesiredNetwork(
                id("external"),
                revision,
                null,
                100,
                1500,
                null,
                List.of(new DesiredNetwork.Subnet("198.51.100.0/24", "198.51.100.1", List.of(), false)),
                new DesiredNetwork.Transport(DesiredNetwork.Transport.Kind.VLAN, id("uplink"), 50, 0),
                true);
    }

    public static DesiredNetwork overTunnels(DesiredNetwork network) {
        return new DesiredNetwork(
                network.id(),
                network.revision(),
                network.tenantId(),
                network.vni(),
                network.mtu(),
                network.gatewayMac(),
                network.subnets(),
                new DesiredNetwork.Transport(DesiredNetwork.Transport.Kind.VXLAN, id("uplink"), 0, 0),
                false);
    }

    public static DesiredNic withPublicAddress(DesiredNic nic, String address) {
        return new DesiredNic(
                nic.id(),
                nic.revision(),
                nic.tenantId(),
                nic.vmId(),
                nic.networkId(),
                nic.index(),
                nic.mac(),
                nic.addresses(),
                nic.allowedAddressPairs(),
                nic.portSecurity(),
                nic.incarnation(),
                nic.queuePairs(),
                nic.connectionQuota(),
                nic.establishedTimeoutSeconds(),
                nic.securityGroupIds(),
                List.of(new DesiredNic.PublicAddress(address, nic.addresses().get(0), 0, 0)));
    }

    public static DesiredUplink uplink(long revision) {
        return new DesiredUplink(
                id("uplink"), revision, "eth1", 9000, 7, "192.0.2.1/24", "192.0.2.254", "0a:58:00:00:01:01");
    }

    public static DesiredRouter router(long revision) {
        return new DesiredRouter(
                id("router"),
                revision,
                TENANT,
                List.of(id("network"), id("other network")),
                List.of(new DesiredRouter.Route("0.0.0.0/0", "10.0.0.9"), new DesiredRouter.Route("::/0", "fd00::9")),
                id("external"));
    }

    public static DesiredRemoteNic remoteNic(long revision) {
        return new DesiredRemoteNic(
                id("remote"),
                revision,
                TENANT,
                id("network"),
                "0a:58:00:00:00:02",
                List.of("10.0.0.6", "2001:db8::6"),
                "192.0.2.2");
    }

    public static DesiredSecurityGroup group(long revision, DesiredRule... rules) {
        return new DesiredSecurityGroup(
                id("group"), revision, TENANT, revision, DesiredSecurityGroup.EgressDefault.ALLOW, List.of(rules));
    }

    public static DesiredRule rule(String name, SetRef remote) {
        return new DesiredRule(
                id(name),
                DesiredRule.Direction.INGRESS,
                DesiredRule.EtherType.ANY,
                6,
                22,
                22,
                null,
                null,
                null,
                remote,
                DesiredRule.Action.ALLOW,
                false,
                null,
                null);
    }

    public static DesiredAddressSet members(long revision, String... addresses) {
        return new DesiredAddressSet(MEMBERS, revision, TENANT, true, 0, List.of(addresses), List.of());
    }

    public static DesiredAddressSet change(long base, long revision, List<String> added, List<String> removed) {
        return new DesiredAddressSet(MEMBERS, revision, TENANT, false, base, added, removed);
    }

    public static DesiredState full(long revision, Object... objects) {
        return state(true, revision, List.of(), objects);
    }

    public static DesiredState delta(long revision, Object... objects) {
        return state(false, revision, List.of(), objects);
    }

    public static DesiredState removal(long revision, ObjectRef... removed) {
        return state(false, revision, List.of(removed));
    }

    private static DesiredState state(boolean full, long revision, List<ObjectRef> removed, Object... objects) {
        return new DesiredState(
                EPOCH,
                revision,
                full,
                Instant.EPOCH,
                of(DesiredVm.class, objects),
                of(DesiredNic.class, objects),
                of(DesiredNetwork.class, objects),
                of(DesiredRouter.class, objects),
                of(DesiredSecurityGroup.class, objects),
                of(DesiredAddressSet.class, objects),
                of(DesiredUplink.class, objects),
                of(DesiredRemoteNic.class, objects),
                removed,
                List.of());
    }

    private static <T> List<T> of(Class<T> type, Object... objects) {
        var found = new ArrayList<T>();
        for (var object : objects) {
            if (type.isInstance(object)) {
                found.add(type.cast(object));
            }
        }
        return found;
    }

    private Objects() {}
}
