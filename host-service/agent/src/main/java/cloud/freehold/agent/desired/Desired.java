package cloud.freehold.agent.desired;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
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
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * All that should be on this host at one revision. Immutable.
 *
 * @param epoch null before anything was ever told
 * @param removedVms VMs that were explicitly taken away: their disks go, too
 */
public record Desired(
        UUID epoch,
        long revision,
        Map<UUID, DesiredVm> vms,
        Map<UUID, DesiredNic> nics,
        Map<UUID, DesiredNetwork> networks,
        Map<UUID, DesiredRouter> routers,
        Map<UUID, DesiredSecurityGroup> securityGroups,
        Map<SetRef, AddressSet> addressSets,
        Map<UUID, DesiredUplink> uplinks,
        Map<UUID, DesiredRemoteNic> remoteNics,
        Set<UUID> removedVms) {

    /** @param members addresses and CIDRs, as told */
    public record AddressSet(SetRef ref, long revision, UUID tenantId, Set<String> members) {}

    public static final Desired NOTHING = new Desired(
            null, 0, Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Set.of());

    public List<DesiredNic> nicsOf(UUID vm) {
        return nics.values().stream()
                .filter(nic -> nic.vmId().equals(vm))
                .sorted((a, b) -> Integer.compare(a.index(), b.index()))
                .toList();
    }

    /** This and a delta, or a full state alone; empty: the delta starts from something else, ask for a full one. */
    public Optional<Desired> with(DesiredState told) {
        if (!told.full() && (!told.epoch().equals(epoch) || told.revision() < revision)) {
            return Optional.empty();
        }
        var merge = told.full() ? new Merge(NOTHING) : new Merge(this);
        for (var set : all(told.addressSets())) {
            if (!set.complete() && !merge.startsFrom(set)) {
                return Optional.empty();
            }
        }
        merge.take(told);
        // A VM that a full state merely does not list keeps its place among the removed ones it may already be in.
        removedVms.stream().filter(id -> !merge.vms.containsKey(id)).forEach(merge.removedVms::add);
        return Optional.of(merge.at(told.epoch(), told.revision()));
    }

    /** This, but the given objects as they are in another state, or not at all when it has none of them. */
    public Desired keeping(Collection<ObjectRef> objects, Desired other) {
        var merge = new Merge(this);
        for (var object : objects) {
            keep(merge.nics, other.nics, object.id(), object.kind() == ObjectKind.NIC);
            keep(merge.networks, other.networks, object.id(), object.kind() == ObjectKind.NETWORK);
            keep(merge.routers, other.routers, object.id(), object.kind() == ObjectKind.ROUTER);
            keep(merge.uplinks, other.uplinks, object.id(), object.kind() == ObjectKind.UPLINK);
            keep(merge.remoteNics, other.remoteNics, object.id(), object.kind() == ObjectKind.REMOTE_NIC);
            keep(merge.securityGroups, other.securityGroups, object.id(), object.kind() == ObjectKind.SECURITY_GROUP);
            for (var kind : List.of(ObjectKind.ADDRESS_GROUP, ObjectKind.GROUP_MEMBERS)) {
                boolean set = object.kind() == ObjectKind.ADDRESS_GROUP || object.kind() == ObjectKind.GROUP_MEMBERS;
                keep(merge.addressSets, other.addressSets, new SetRef(kind, object.id()), set);
            }
        }
        merge.removedVms.addAll(removedVms);
        return merge.at(epoch, revision);
    }

    private static <K, V> void keep(Map<K, V> mine, Map<K, V> others, K key, boolean ofThisKind) {
        if (ofThisKind && others.containsKey(key)) {
            mine.put(key, others.get(key));
        } else if (ofThisKind) {
            mine.remove(key);
        }
    }

    /** Without VMs whose removal is over and done. */
    public Desired forgetting(UUID removedVm) {
        var left = new HashSet<>(removedVms);
        left.remove(removedVm);
        return new Desired(
                epoch,
                revision,
                vms,
                nics,
                networks,
                routers,
                securityGroups,
                addressSets,
                uplinks,
                remoteNics,
                Collections.unmodifiableSet(left));
    }

    static <T> List<T> all(List<T> maybeNull) {
        return maybeNull == null ? List.of() : maybeNull;
    }

    private static final class Merge {
        private final Map<UUID, DesiredVm> vms;
        private final Map<UUID, DesiredNic> nics;
        private final Map<UUID, DesiredNetwork> networks;
        private final Map<UUID, DesiredRouter> routers;
        private final Map<UUID, DesiredSecurityGroup> securityGroups;
        private final Map<SetRef, AddressSet> addressSets;
        private final Map<UUID, DesiredUplink> uplinks;
        private final Map<UUID, DesiredRemoteNic> remoteNics;
        private final Set<UUID> removedVms = new HashSet<>();

        Merge(Desired from) {
            vms = new HashMap<>(from.vms);
            nics = new HashMap<>(from.nics);
            networks = new HashMap<>(from.networks);
            routers = new HashMap<>(from.routers);
            securityGroups = new HashMap<>(from.securityGroups);
            addressSets = new HashMap<>(from.addressSets);
            uplinks = new HashMap<>(from.uplinks);
            remoteNics = new HashMap<>(from.remoteNics);
        }

        boolean startsFrom(DesiredAddressSet change) {
            var present = addressSets.get(change.ref());
            return present != null && present.revision() == change.base();
        }

        void take(DesiredState told) {
            all(told.vms()).forEach(vm -> vms.put(vm.id(), vm));
            all(told.nics()).forEach(nic -> nics.put(nic.id(), nic));
            all(told.networks()).forEach(network -> networks.put(network.id(), network));
            all(told.routers()).forEach(router -> routers.put(router.id(), router));
            all(told.securityGroups()).forEach(group -> securityGroups.put(group.id(), group));
            all(told.addressSets()).forEach(this::take);
            all(told.uplinks()).forEach(uplink -> uplinks.put(uplink.id(), uplink));
            all(told.remoteNics()).forEach(nic -> remoteNics.put(nic.id(), nic));
            all(told.removed()).forEach(this::remove);
        }

        private void take(DesiredAddressSet change) {
            var members = new HashSet<>(
                    change.complete() ? Set.of() : addressSets.get(change.ref()).members());
            members.removeAll(all(change.removed()));
            members.addAll(all(change.added()));
            addressSets.put(
                    change.ref(),
                    new AddressSet(
                            change.ref(), change.revision(), change.tenantId(), Collections.unmodifiableSet(members)));
        }

        private void remove(ObjectRef ref) {
            switch (ref.kind()) {
                case VM -> {
                    vms.remove(ref.id());
                    removedVms.add(ref.id());
                }
                case NIC -> nics.remove(ref.id());
                case NETWORK -> networks.remove(ref.id());
                case ROUTER -> routers.remove(ref.id());
                case SECURITY_GROUP -> securityGroups.remove(ref.id());
                case UPLINK -> uplinks.remove(ref.id());
                case REMOTE_NIC -> remoteNics.remove(ref.id());
                case ADDRESS_GROUP, GROUP_MEMBERS -> addressSets.remove(new SetRef(ref.kind(), ref.id()));
            }
        }

        Desired at(UUID epoch, long revision) {
            return new Desired(
                    epoch,
                    revision,
                    Collections.unmodifiableMap(vms),
                    Collections.unmodifiableMap(nics),
                    Collections.unmodifiableMap(networks),
                    Collections.unmodifiableMap(routers),
                    Collections.unmodifiableMap(securityGroups),
                    Collections.unmodifiableMap(addressSets),
                    Collections.unmodifiableMap(uplinks),
                    Collections.unmodifiableMap(remoteNics),
                    Collections.unmodifiableSet(removedVms));
        }
    }
}
