package cloud.freehold.portal.compute.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.StaleVersionException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.NicView;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmNics;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.NicSettings;
import cloud.freehold.portal.tenancy.CreatedOnce;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

@Component
@Transactional
class StoredVmNics implements VmNics {

    /** What an idempotency key stands for. */
    private record Adding(
            VmId vm, NetworkId network, @Nullable List<SecurityGroupId> groups) {}

    private final VmReader reader;
    private final Networks networks;
    private final Firewall firewall;
    private final CreatedOnce createdOnce;
    private final HostChanges hosts;
    private final AuditTrail audit;
    private final ActorSource actors;
    private final LiveEvents live;

    StoredVmNics(
            VmReader reader,
            Networks networks,
            Firewall firewall,
            CreatedOnce createdOnce,
            HostChanges hosts,
            AuditTrail audit,
            ActorSource actors,
            LiveEvents live) {
        this.reader = reader;
        this.networks = networks;
        this.firewall = firewall;
        this.createdOnce = createdOnce;
        this.hosts = hosts;
        this.audit = audit;
        this.actors = actors;
        this.live = live;
    }

    @Override
    @Transactional(readOnly = true)
    public NicView get(TenantId tenant, VmId vm, UUID nic) {
        return find(tenant, vm, nic);
    }

    @Override
    public UUID add(
            TenantId tenant,
            VmId vm,
            NetworkId network,
            @Nullable List<SecurityGroupId> groups,
            @Nullable String idempotencyKey) {
        return createdOnce.once(
                tenant, idempotencyKey, new Adding(vm, network, groups), () -> insert(tenant, vm, network, groups));
    }

    private UUID insert(TenantId tenant, VmId id, NetworkId network, @Nullable List<SecurityGroupId> wanted) {
        VmView vm = reader.vm(tenant, id);
        if (vm.isDeleting()) {
            throw new ConflictException(
                    "vm.deleting", vm.name() + " is being deleted; nothing else can be done with it.");
        }
        int slot = freeSlot(vm, reader.nics(tenant, id));
        Actor actor = actors.current();
        List<SecurityGroupId> groups = wanted == null ? List.of(firewall.provideDefaultGroup(tenant, actor)) : wanted;
        UUID nic = networks.plug(tenant, network, id.value(), slot);
        firewall.attach(tenant, actor, nic, groups);
        if (vm.hostId() != null) {
            hosts.rearranged(List.of(vm.hostId()));
        }
        hosts.touched(
                ObjectKind.GROUP_MEMBERS,
                groups.stream().map(SecurityGroupId::value).toList());
        live.publish(tenant, LiveTopic.NICS, LiveTopic.VMS, LiveTopic.NETWORKS);
        NicView added = find(tenant, id, nic);
        audit.record(
                tenant,
                actor,
                AuditEntry.of("nic.added", "nic", nic, vm.name() + "/" + added.name())
                        .after(Map.of("network", added.network(), "mac", added.mac(), "addresses", added.addresses())));
        return nic;
    }

    private static int freeSlot(VmView vm, List<NicView> present) {
        Set<Integer> taken = present.stream().map(NicView::index).collect(Collectors.toSet());
        return IntStream.range(0, MOST_NICS)
                .filter(slot -> !taken.contains(slot))
                .findFirst()
                .orElseThrow(() -> new CapacityException(
                        "vm.too-many-nics",
                        vm.name() + " has " + MOST_NICS
                                + " NICs, as many as a VM can have. Remove one that is not used."));
    }

    @Override
    public void change(TenantId tenant, VmId vm, UUID nic, NicSettings settings, @Nullable Long expectedVersion) {
        NicView before = find(tenant, vm, nic, expectedVersion);
        if (settings.equals(before.settings())) {
            return;
        }
        networks.configure(tenant, nic, settings);
        NicView after = find(tenant, vm, nic);
        audit.record(
                tenant,
                AuditEntry.of("nic.changed", "nic", nic, before.vm() + "/" + before.name())
                        .before(before.settings())
                        .after(after.settings()));
    }

    @Override
    public void remove(TenantId tenant, VmId vm, UUID nic, @Nullable Long expectedVersion) {
        NicView before = find(tenant, vm, nic, expectedVersion);
        networks.unplug(tenant, nic);
        live.publish(tenant, LiveTopic.NICS, LiveTopic.VMS, LiveTopic.NETWORKS);
        audit.record(
                tenant,
                AuditEntry.of("nic.removed", "nic", nic, before.vm() + "/" + before.name())
                        .before(Map.of(
                                "network", before.network(), "mac", before.mac(), "addresses", before.addresses())));
    }

    private NicView find(TenantId tenant, VmId vm, UUID nic, @Nullable Long expectedVersion) {
        NicView found = find(tenant, vm, nic);
        StaleVersionException.check("NIC", expectedVersion, found.version());
        return found;
    }

    private NicView find(TenantId tenant, VmId vm, UUID nic) {
        return reader.nics(tenant, vm).stream()
                .filter(each -> each.id().equals(nic))
                .findFirst()
                .orElseThrow(() -> new NotFoundException(
                        "The VM has no such NIC. It may have been removed; its Network page shows those there are."));
    }
}
