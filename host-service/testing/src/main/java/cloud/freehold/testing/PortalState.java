package cloud.freehold.testing;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredNetwork;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRemoteNic;
import cloud.freehold.api.desired.DesiredRouter;
import cloud.freehold.api.desired.DesiredSecurityGroup;
import cloud.freehold.api.desired.DesiredState;
import cloud.freehold.api.desired.DesiredUplink;
import cloud.freehold.api.desired.DesiredVm;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;

/** What a {@link FakePortal} wants of its host, by revision. Guarded by the portal. */
final class PortalState {
    private record Versioned(long revision, Object object) {}

    private UUID epoch = UUID.randomUUID();
    private long revision = 1;
    private final Map<ObjectRef, Versioned> objects = new LinkedHashMap<>();
    private final Map<ObjectRef, Long> tombstones = new LinkedHashMap<>();
    private final Map<UUID, HostCommand> commands = new LinkedHashMap<>();
    private final Map<ObjectRef, DesiredAddressSet> lastChange = new LinkedHashMap<>();

    long next() {
        return revision + 1;
    }

    UUID epoch() {
        return epoch;
    }

    long revision() {
        return revision;
    }

    Map<UUID, HostCommand> commands() {
        return commands;
    }

    /** As after a restore of the database: the same objects, counted anew. */
    void newEpoch() {
        epoch = UUID.randomUUID();
        tombstones.clear();
        lastChange.clear();
        revision++;
        objects.replaceAll((ref, versioned) -> new Versioned(revision, versioned.object()));
    }

    void put(List<?> changed) {
        revision++;
        for (var object : changed) {
            var ref = ref(object);
            tombstones.remove(ref);
            lastChange.remove(ref);
            if (object instanceof DesiredAddressSet set && !set.complete()) {
                lastChange.put(ref, set);
                object = merged(set, (DesiredAddressSet) objects.get(ref).object());
            }
            objects.put(ref, new Versioned(revision, object));
        }
    }

    void remove(List<ObjectRef> refs) {
        revision++;
        for (var ref : refs) {
            objects.remove(ref);
            tombstones.put(ref, revision);
        }
    }

    private static DesiredAddressSet merged(DesiredAddressSet change, DesiredAddressSet whole) {
        var members = new TreeSet<>(whole.added());
        members.removeAll(HostModel.all(change.removed()));
        members.addAll(HostModel.all(change.added()));
        return new DesiredAddressSet(
                whole.ref(), change.revision(), whole.tenantId(), true, 0, List.copyOf(members), List.of());
    }

    DesiredState since(UUID knownEpoch, long after) {
        boolean full = after == 0 || !epoch.equals(knownEpoch) || after > revision;
        var vms = new ArrayList<DesiredVm>();
        var nics = new ArrayList<DesiredNic>();
        var networks = new ArrayList<DesiredNetwork>();
        var routers = new ArrayList<DesiredRouter>();
        var groups = new ArrayList<DesiredSecurityGroup>();
        var sets = new ArrayList<DesiredAddressSet>();
        var uplinks = new ArrayList<DesiredUplink>();
        var remoteNics = new ArrayList<DesiredRemoteNic>();
        objects.forEach((ref, versioned) -> {
            if (!full && versioned.revision() <= after) {
                return;
            }
            switch (ref.kind()) {
                case VM -> vms.add((DesiredVm) versioned.object());
                case NIC -> nics.add((DesiredNic) versioned.object());
                case NETWORK -> networks.add((DesiredNetwork) versioned.object());
                case ROUTER -> routers.add((DesiredRouter) versioned.object());
                case SECURITY_GROUP -> groups.add((DesiredSecurityGroup) versioned.object());
                case UPLINK -> uplinks.add((DesiredUplink) versioned.object());
                case REMOTE_NIC -> remoteNics.add((DesiredRemoteNic) versioned.object());
                case ADDRESS_GROUP, GROUP_MEMBERS ->
                    sets.add(full ? (DesiredAddressSet) versioned.object() : change(ref, versioned, after));
            }
        });
        var removed = full
                ? List.<ObjectRef>of()
                : tombstones.entrySet().stream()
                        .filter(entry -> entry.getValue() > after)
                        .map(Map.Entry::getKey)
                        .toList();
        return new DesiredState(
                epoch,
                revision,
                full,
                Instant.now(),
                vms,
                nics,
                networks,
                routers,
                groups,
                sets,
                uplinks,
                remoteNics,
                removed,
                List.copyOf(commands.values()));
    }

    private DesiredAddressSet change(ObjectRef ref, Versioned versioned, long after) {
        var change = lastChange.get(ref);
        boolean hostHasBase = change != null && change.base() <= after && after < change.revision();
        return hostHasBase ? change : (DesiredAddressSet) versioned.object();
    }

    static ObjectRef ref(Object object) {
        if (object instanceof DesiredVm vm) {
            return new ObjectRef(ObjectKind.VM, vm.id());
        } else if (object instanceof DesiredNic nic) {
            return new ObjectRef(ObjectKind.NIC, nic.id());
        } else if (object instanceof DesiredNetwork network) {
            return new ObjectRef(ObjectKind.NETWORK, network.id());
        } else if (object instanceof DesiredRouter router) {
            return new ObjectRef(ObjectKind.ROUTER, router.id());
        } else if (object instanceof DesiredSecurityGroup group) {
            return new ObjectRef(ObjectKind.SECURITY_GROUP, group.id());
        } else if (object instanceof DesiredAddressSet set) {
            return new ObjectRef(set.ref().kind(), set.ref().id());
        } else if (object instanceof DesiredUplink uplink) {
            return new ObjectRef(ObjectKind.UPLINK, uplink.id());
        } else if (object instanceof DesiredRemoteNic nic) {
            return new ObjectRef(ObjectKind.REMOTE_NIC, nic.id());
        }
        throw new IllegalArgumentException("not a desired object: " + object);
    }
}
