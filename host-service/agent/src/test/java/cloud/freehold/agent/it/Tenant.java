package cloud.freehold.agent.it;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import cloud.freehold.api.desired.DesiredImage;
import cloud.freehold.api.desired.DesiredNetwork;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRule;
import cloud.freehold.api.desired.DesiredSecurityGroup;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.desired.PowerState;
import java.util.List;
import java.util.UUID;

/** One network, one security group and VMs in it. */
final class Tenant {
    static final String GATEWAY = "10.1.0.1";

    final UUID id = UUID.randomUUID();
    final UUID network = UUID.randomUUID();
    final UUID group = UUID.randomUUID();
    final SetRef members = new SetRef(ObjectKind.GROUP_MEMBERS, group);

    DesiredNetwork network(long revision) {
        var subnet = new DesiredNetwork.Subnet("10.1.0.0/24", GATEWAY, List.of(GATEWAY), true);
        return new DesiredNetwork(network, revision, id, 4711, 1500, "0a:58:0a:01:00:01", List.of(subnet));
    }

    DesiredSecurityGroup group(long revision, DesiredRule... rules) {
        return new DesiredSecurityGroup(
                group, revision, id, revision, DesiredSecurityGroup.EgressDefault.ALLOW, List.of(rules));
    }

    static DesiredRule tcp(int port) {
        return new DesiredRule(
                UUID.randomUUID(),
                DesiredRule.Direction.INGRESS,
                DesiredRule.EtherType.IPV4,
                6,
                port,
                port,
                null,
                null,
                null,
                null,
                DesiredRule.Action.ALLOW,
                false,
                null,
                null);
    }

    DesiredAddressSet members(long revision, String... addresses) {
        return new DesiredAddressSet(members, revision, id, true, 0, List.of(addresses), List.of());
    }

    /** @param number makes its addresses */
    DesiredNic nic(UUID nic, UUID vm, long revision, int number) {
        return nic(nic, vm, revision, number, 0);
    }

    /** @param index among the VM's NICs */
    DesiredNic nic(UUID nic, UUID vm, long revision, int number, int index) {
        return new DesiredNic(
                nic,
                revision,
                id,
                vm,
                network,
                index,
                "0a:58:0a:01:00:%02x".formatted(number),
                List.of("10.1.0." + number),
                List.of(),
                true,
                1,
                1,
                8192,
                86400,
                List.of(group));
    }

    DesiredVm vm(UUID vm, long revision, PowerState power, DesiredImage image, UUID volume) {
        return vm(
                vm,
                revision,
                power,
                image,
                new DesiredVolume(volume, "boot", 0, 256L << 20, DesiredVolume.Origin.IMAGE, null));
    }

    DesiredVm vm(UUID vm, long revision, PowerState power, DesiredImage image, DesiredVolume... volumes) {
        return new DesiredVm(
                vm,
                revision,
                id,
                "vm-" + vm.toString().substring(0, 4),
                power,
                1,
                1,
                192,
                192,
                image,
                List.of(volumes));
    }
}
