package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.desired.Desired.AddressSet;
import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRemoteNic;
import cloud.freehold.api.desired.DesiredRouter;
import cloud.freehold.api.desired.DesiredUplink;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What leads a dataplane from one state to another. */
final class Plan {
    private final Path sockets;

    Plan(Path sockets) {
        this.sockets = sockets;
    }

    /** Everything, for a dataplane of which nothing is known. */
    List<Change> whole(Desired to) {
        var changes = new ArrayList<Change>();
        to.uplinks().values().forEach(uplink -> changes.add(new Change.PutUplink(uplink)));
        to.networks().values().forEach(network -> changes.add(new Change.PutNetwork(network)));
        to.routers().values().forEach(router -> changes.add(new Change.PutRouter(router)));
        to.addressSets().values().forEach(set -> changes.add(new Change.PutSet(set)));
        to.securityGroups().values().forEach(group -> changes.add(new Change.PutGroup(group)));
        to.nics().values().forEach(nic -> changes.add(put(to, nic)));
        to.remoteNics().values().forEach(nic -> changes.add(new Change.PutRemoteNic(nic)));
        return changes;
    }

    /** Only what differs. */
    List<Change> difference(Desired from, Desired to) {
        var changes = new ArrayList<Change>();
        changed(from.uplinks(), to.uplinks(), DesiredUplink::revision)
                .forEach(uplink -> changes.add(new Change.PutUplink(uplink)));
        changed(from.networks(), to.networks(), network -> network.revision())
                .forEach(network -> changes.add(new Change.PutNetwork(network)));
        changed(from.routers(), to.routers(), DesiredRouter::revision)
                .forEach(router -> changes.add(new Change.PutRouter(router)));
        changed(from.addressSets(), to.addressSets(), AddressSet::revision)
                .forEach(set -> changes.add(change(from.addressSets().get(set.ref()), set)));
        changed(from.securityGroups(), to.securityGroups(), group -> group.revision())
                .forEach(group -> changes.add(new Change.PutGroup(group)));
        changed(from.nics(), to.nics(), DesiredNic::revision).forEach(nic -> changes.add(put(to, nic)));
        changed(from.remoteNics(), to.remoteNics(), DesiredRemoteNic::revision)
                .forEach(nic -> changes.add(new Change.PutRemoteNic(nic)));
        remove(from.remoteNics(), to.remoteNics(), id -> new ObjectRef(ObjectKind.REMOTE_NIC, id), changes, to);
        remove(from.nics(), to.nics(), id -> new ObjectRef(ObjectKind.NIC, id), changes, to);
        remove(
                from.securityGroups(),
                to.securityGroups(),
                id -> new ObjectRef(ObjectKind.SECURITY_GROUP, id),
                changes,
                to);
        remove(from.addressSets(), to.addressSets(), ref -> new ObjectRef(ref.kind(), ref.id()), changes, to);
        remove(from.routers(), to.routers(), id -> new ObjectRef(ObjectKind.ROUTER, id), changes, to);
        remove(from.networks(), to.networks(), id -> new ObjectRef(ObjectKind.NETWORK, id), changes, to);
        remove(from.uplinks(), to.uplinks(), id -> new ObjectRef(ObjectKind.UPLINK, id), changes, to);
        return changes;
    }

    private static <K, V> List<V> changed(Map<K, V> from, Map<K, V> to, Function<V, Long> revision) {
        var found = new ArrayList<V>();
        to.forEach((key, value) -> {
            var present = from.get(key);
            if (present == null || !revision.apply(present).equals(revision.apply(value))) {
                found.add(value);
            }
        });
        return found;
    }

    private static <K, V> void remove(
            Map<K, V> from, Map<K, V> to, Function<K, ObjectRef> ref, List<Change> changes, Desired state) {
        for (var key : from.keySet()) {
            if (!to.containsKey(key)) {
                changes.add(new Change.Remove(ref.apply(key), state.revision()));
            }
        }
    }

    private static Change change(AddressSet from, AddressSet to) {
        if (from == null) {
            return new Change.PutSet(to);
        }
        var added = new HashSet<>(to.members());
        added.removeAll(from.members());
        var removed = new HashSet<>(from.members());
        removed.removeAll(to.members());
        return added.size() + removed.size() < to.members().size()
                ? new Change.ChangeMembers(to.ref(), from.revision(), to.revision(), added, removed)
                : new Change.PutSet(to);
    }

    private Change.PutNic put(Desired to, DesiredNic nic) {
        var vm = to.vms().get(nic.vmId());
        return new Change.PutNic(nic, vm == null ? "" : hostName(vm.name()), VhostSockets.of(sockets, nic.id()));
    }

    /** What DHCP may call it: a DNS label, or nothing. */
    private static String hostName(String name) {
        var label = name.toLowerCase(java.util.Locale.ROOT)
                .replaceAll("[^a-z0-9-]+", "-")
                .replaceAll("^-+|-+$", "");
        return label.substring(0, Math.min(label.length(), Layouts.MAX_NAME - 1))
                .replaceAll("-+$", "");
    }
}
