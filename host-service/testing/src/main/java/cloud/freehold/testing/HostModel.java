package cloud.freehold.testing;

import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import cloud.freehold.api.desired.DesiredNetwork;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRemoteNic;
import cloud.freehold.api.desired.DesiredRouter;
import cloud.freehold.api.desired.DesiredSecurityGroup;
import cloud.freehold.api.desired.DesiredState;
import cloud.freehold.api.desired.DesiredUplink;
import cloud.freehold.api.desired.DesiredVm;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** What a host has been told so far: all deltas merged. Not thread-safe; {@link FakeHost} hands out copies. */
public final class HostModel {
    /** @param members addresses and CIDRs */
    public record AddressSet(SetRef ref, long revision, Set<String> members) {}

    private UUID epoch;
    private long revision;
    private final Map<UUID, DesiredVm> vms = new LinkedHashMap<>();
    private final Map<UUID, DesiredNic> nics = new LinkedHashMap<>();
    private final Map<UUID, DesiredNetwork> networks = new LinkedHashMap<>();
    private final Map<UUID, DesiredRouter> routers = new LinkedHashMap<>();
    private final Map<UUID, DesiredSecurityGroup> securityGroups = new LinkedHashMap<>();
    private final Map<SetRef, AddressSet> addressSets = new LinkedHashMap<>();
    private final Map<UUID, DesiredUplink> uplinks = new LinkedHashMap<>();
    private final Map<UUID, DesiredRemoteNic> remoteNics = new LinkedHashMap<>();
    private final List<ObjectRef> removed = new ArrayList<>();
    private final List<HostCommand> commands = new ArrayList<>();

    HostModel() {}

    HostModel(HostModel other) {
        epoch = other.epoch;
        revision = other.revision;
        vms.putAll(other.vms);
        nics.putAll(other.nics);
        networks.putAll(other.networks);
        routers.putAll(other.routers);
        securityGroups.putAll(other.securityGroups);
        addressSets.putAll(other.addressSets);
        uplinks.putAll(other.uplinks);
        remoteNics.putAll(other.remoteNics);
        removed.addAll(other.removed);
        commands.addAll(other.commands);
    }

    /** @return false when the delta does not start from what is here: ask for a full state */
    boolean apply(DesiredState state) {
        if (!state.full() && (!state.epoch().equals(epoch) || !basesMatch(state))) {
            return false;
        }
        if (state.full()) {
            vms.clear();
            nics.clear();
            networks.clear();
            routers.clear();
            securityGroups.clear();
            addressSets.clear();
            uplinks.clear();
            remoteNics.clear();
        }
        epoch = state.epoch();
        revision = state.revision();
        all(state.vms()).forEach(vm -> vms.put(vm.id(), vm));
        all(state.nics()).forEach(nic -> nics.put(nic.id(), nic));
        all(state.networks()).forEach(network -> networks.put(network.id(), network));
        all(state.routers()).forEach(router -> routers.put(router.id(), router));
        all(state.securityGroups()).forEach(group -> securityGroups.put(group.id(), group));
        all(state.addressSets()).forEach(this::merge);
        all(state.uplinks()).forEach(uplink -> uplinks.put(uplink.id(), uplink));
        all(state.remoteNics()).forEach(nic -> remoteNics.put(nic.id(), nic));
        all(state.removed()).forEach(this::remove);
        commands.clear();
        commands.addAll(all(state.commands()));
        return true;
    }

    private boolean basesMatch(DesiredState state) {
        return all(state.addressSets()).stream()
                .filter(set -> !set.complete())
                .allMatch(set -> addressSets.containsKey(set.ref())
                        && addressSets.get(set.ref()).revision() == set.base());
    }

    private void merge(DesiredAddressSet change) {
        var members = new TreeSet<String>();
        if (!change.complete()) {
            members.addAll(addressSets.get(change.ref()).members());
        }
        members.removeAll(all(change.removed()));
        members.addAll(all(change.added()));
        addressSets.put(change.ref(), new AddressSet(change.ref(), change.revision(), members));
    }

    private void remove(ObjectRef ref) {
        removed.add(ref);
        switch (ref.kind()) {
            case VM -> vms.remove(ref.id());
            case NIC -> nics.remove(ref.id());
            case NETWORK -> networks.remove(ref.id());
            case ROUTER -> routers.remove(ref.id());
            case SECURITY_GROUP -> securityGroups.remove(ref.id());
            case UPLINK -> uplinks.remove(ref.id());
            case REMOTE_NIC -> remoteNics.remove(ref.id());
            case ADDRESS_GROUP, GROUP_MEMBERS -> addressSets.remove(new SetRef(ref.kind(), ref.id()));
        }
    }

    static <T> List<T> all(List<T> maybeNull) {
        return maybeNull == null ? List.of() : maybeNull;
    }

    public UUID epoch() {
        return epoch;
    }

    public long revision() {
        return revision;
    }

    public Map<UUID, DesiredVm> vms() {
        return vms;
    }

    public Map<UUID, DesiredNic> nics() {
        return nics;
    }

    public Map<UUID, DesiredNetwork> networks() {
        return networks;
    }

    public Map<UUID, DesiredRouter> routers() {
        return routers;
    }

    public Map<UUID, DesiredSecurityGroup> securityGroups() {
        return securityGroups;
    }

    public Map<UUID, DesiredUplink> uplinks() {
        return uplinks;
    }

    public Map<UUID, DesiredRemoteNic> remoteNics() {
        return remoteNics;
    }

    public Map<SetRef, AddressSet> addressSets() {
        return addressSets;
    }

    /** Everything that was ever removed, oldest first. */
    public List<ObjectRef> removed() {
        return removed;
    }

    /** What the last answer asked for. */
    public List<HostCommand> commands() {
        return commands;
    }
}
