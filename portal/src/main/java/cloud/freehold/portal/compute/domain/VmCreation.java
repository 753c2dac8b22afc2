package cloud.freehold.portal.compute.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.compute.NewVm;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.operation.NewOperation;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import jakarta.persistence.EntityManager;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Makes a VM with its boot volume and NIC, and undoes one that never had a host. */
@Component
class VmCreation {

    static final long GIB = 1L << 30;

    /** Whether an image or flavor has to be on offer still. */
    enum Age {
        OFFERED,
        ANY
    }

    private final EntityManager entities;
    private final VmQuotas quotas;
    private final Networks networks;
    private final Firewall firewall;
    private final Operations operations;
    private final HostChanges hosts;
    private final AuditTrail audit;
    private final ActorSource actors;
    private final LiveEvents live;
    private final JdbcClient jdbc;
    private final Uuid7 ids;
    private final Clock clock;

    VmCreation(
            EntityManager entities,
            VmQuotas quotas,
            Networks networks,
            Firewall firewall,
            Operations operations,
            HostChanges hosts,
            AuditTrail audit,
            ActorSource actors,
            LiveEvents live,
            JdbcClient jdbc,
            Uuid7 ids,
            Clock clock) {
        this.entities = entities;
        this.quotas = quotas;
        this.networks = networks;
        this.firewall = firewall;
        this.operations = operations;
        this.hosts = hosts;
        this.audit = audit;
        this.actors = actors;
        this.live = live;
        this.jdbc = jdbc;
        this.ids = ids;
        this.clock = clock;
    }

    Operation create(TenantId tenant, NewVm wanted, @Nullable String idempotencyKey) {
        FlavorRow flavor = flavor(wanted.flavorId(), Age.OFFERED);
        UUID id = build(
                tenant,
                wanted,
                Age.OFFERED,
                flavor.diskGib(),
                null,
                vm -> bootVolume(tenant, vm, flavor, clock.instant()));
        return operations.start(
                tenant, new NewOperation(OperationKind.VM_CREATE, id, wanted.name(), null, false, idempotencyKey));
    }

    /**
     * Everything but what ends the creation.
     *
     * @param host the only host that it can be on; null: any
     * @param disks inserts its volumes
     */
    UUID build(TenantId tenant, NewVm wanted, Age age, long diskGib, @Nullable UUID host, Consumer<UUID> disks) {
        VmNames.check(wanted.name(), wanted.description());
        FlavorRow flavor = flavor(wanted.flavorId(), age);
        String image = image(wanted.imageId(), age);
        quotas.require(tenant, flavor, diskGib);
        VmNames.requireFree(jdbc, tenant, wanted.name());
        NetworkId network = wanted.network() == null
                ? networks.provideDefault(tenant)
                : networks.get(tenant, wanted.network()).id();
        Actor actor = actors.current();
        List<SecurityGroupId> groups = wanted.securityGroups() == null
                ? List.of(firewall.provideDefaultGroup(tenant, actor))
                : wanted.securityGroups();

        UUID id = ids.next();
        entities.persist(new Vm(
                id, tenant.value(), wanted.name(), wanted.description(), wanted.imageId(), flavor, clock.instant()));
        // The rows that follow are written past Hibernate and refer to this one.
        entities.flush();
        bind(tenant, id, host);
        disks.accept(id);
        UUID nic = networks.plug(tenant, network, id, 0);
        firewall.attach(tenant, actor, nic, groups);
        hosts.touched(
                ObjectKind.GROUP_MEMBERS,
                groups.stream().map(SecurityGroupId::value).toList());
        hosts.unplaced(id);
        live.publish(tenant, LiveTopic.VMS, LiveTopic.NICS);
        audit.record(
                tenant,
                actor,
                AuditEntry.of("vm.create-requested", "vm", id, wanted.name())
                        .after(Map.of(
                                "image", image,
                                "flavor", flavor.name(),
                                "vcpus", flavor.vcpus(),
                                "memoryMib", flavor.memoryMib())));
        return id;
    }

    private void bind(TenantId tenant, UUID vm, @Nullable UUID host) {
        if (host != null) {
            jdbc.sql("update vm set bound_host_id = :host where tenant_id = :tenant and id = :vm")
                    .param("host", host)
                    .param("tenant", tenant.value())
                    .param("vm", vm)
                    .update();
        }
    }

    /** It was on no host, so there is nothing to wait for. */
    void discard(TenantId tenant, Vm vm) {
        entities.flush();
        entities.detach(vm);
        jdbc.sql("delete from vm where tenant_id = :tenant and id = :id and host_id is null")
                .param("tenant", tenant.value())
                .param("id", vm.id())
                .update();
    }

    private void bootVolume(TenantId tenant, UUID vm, FlavorRow flavor, Instant now) {
        jdbc.sql("""
                        insert into volume (id, tenant_id, vm_id, name, device_index, size_bytes, from_image, created_at)
                        values (:id, :tenant, :vm, 'boot', 0, :size, true, :now)
                        """)
                .param("id", ids.next())
                .param("tenant", tenant.value())
                .param("vm", vm)
                .param("size", flavor.diskGib() * GIB)
                .param("now", now.atOffset(ZoneOffset.UTC))
                .update();
    }

    private FlavorRow flavor(UUID id, Age age) {
        return jdbc.sql("select * from flavor where id = :id and (retired_at is null or :any)")
                .param("id", id)
                .param("any", age == Age.ANY)
                .query((row, number) -> new FlavorRow(
                        row.getObject("id", UUID.class),
                        row.getString("name"),
                        row.getInt("vcpus"),
                        row.getLong("memory_mib"),
                        row.getInt("disk_gib")))
                .optional()
                .orElseThrow(() -> InvalidInputException.field(
                        "vm.flavor", "flavor", "There is no such flavor. Choose one of the list."));
    }

    private String image(UUID id, Age age) {
        return jdbc.sql("select name from image where id = :id and (retired_at is null or :any)")
                .param("id", id)
                .param("any", age == Age.ANY)
                .query(String.class)
                .optional()
                .orElseThrow(() -> InvalidInputException.field(
                        "vm.image", "image", "There is no such image. Choose one of the list."));
    }
}
