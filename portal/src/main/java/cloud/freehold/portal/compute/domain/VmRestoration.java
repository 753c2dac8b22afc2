package cloud.freehold.portal.compute.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.compute.NewVm;
import cloud.freehold.portal.compute.RestoredDisk;
import cloud.freehold.portal.compute.RestoredVms;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.OperationId;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Gives restores the VMs and volumes to fill. */
@Component
@Transactional(propagation = Propagation.MANDATORY)
class VmRestoration implements RestoredVms {

    private static final int MOST_DISKS = 26;

    private final VmCreation creation;
    private final VmQuotas quotas;
    private final VmRows rows;
    private final HostChanges hosts;
    private final AuditTrail audit;
    private final LiveEvents live;
    private final JdbcClient jdbc;
    private final Uuid7 ids;
    private final Clock clock;

    VmRestoration(
            VmCreation creation,
            VmQuotas quotas,
            VmRows rows,
            HostChanges hosts,
            AuditTrail audit,
            LiveEvents live,
            JdbcClient jdbc,
            Uuid7 ids,
            Clock clock) {
        this.creation = creation;
        this.quotas = quotas;
        this.rows = rows;
        this.hosts = hosts;
        this.audit = audit;
        this.live = live;
        this.jdbc = jdbc;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    public Made create(TenantId tenant, NewVm wanted, List<RestoredDisk> disks, @Nullable UUID host) {
        Map<Integer, UUID> volumes = new TreeMap<>();
        UUID vm = creation.build(tenant, wanted, VmCreation.Age.ANY, gib(disks), host, made -> {
            for (RestoredDisk disk : disks) {
                volumes.put(disk.index(), insert(tenant, made, disk));
            }
        });
        return new Made(new VmId(vm), volumes);
    }

    private static long gib(List<RestoredDisk> disks) {
        long bytes = disks.stream().mapToLong(RestoredDisk::sizeBytes).sum();
        return (bytes + VmCreation.GIB - 1) / VmCreation.GIB;
    }

    @Override
    public UUID addVolume(TenantId tenant, VmId id, String name, long sizeBytes) {
        Vm vm = rows.findByTenantIdAndId(tenant.value(), id.value()).orElseThrow(VmReader::notFound);
        vm.requireNotDeleting();
        quotas.require(tenant, Map.of("VOLUME_GIB", (sizeBytes + VmCreation.GIB - 1) / VmCreation.GIB));
        int index = jdbc.sql("""
                        select min(i) from generate_series(1, :most - 1) i
                        where not exists (select from volume where vm_id = :vm and device_index = i)
                        """)
                .param("most", MOST_DISKS)
                .param("vm", id.value())
                .query(Integer.class)
                .optional()
                .orElseThrow(() -> new ConflictException(
                        "vm.disks-full",
                        vm.name() + " has " + MOST_DISKS + " volumes, and no VM can have more. Detach one first."));
        UUID volume = insert(tenant, id.value(), new RestoredDisk(name, index, sizeBytes));
        hosts.touched(ObjectKind.VM, id.value());
        live.publish(tenant, LiveTopic.VMS);
        audit.record(
                tenant,
                AuditEntry.of("volume.added", "vm", id.value(), vm.name())
                        .after(Map.of("volume", volume, "name", name, "sizeBytes", sizeBytes)));
        return volume;
    }

    @Override
    public void filledBy(TenantId tenant, List<UUID> volumes, OperationId operation) {
        jdbc.sql("update volume set restored_by = :operation where tenant_id = :tenant and id = any(:volumes)")
                .param("operation", operation.value())
                .param("tenant", tenant.value())
                .param("volumes", volumes.toArray(UUID[]::new))
                .update();
    }

    @Override
    public void takeBack(TenantId tenant, UUID volume) {
        jdbc.sql("delete from volume where tenant_id = :tenant and id = :id and restored returning vm_id")
                .param("tenant", tenant.value())
                .param("id", volume)
                .query(UUID.class)
                .list()
                .forEach(vm -> {
                    hosts.touched(ObjectKind.VM, vm);
                    live.publish(tenant, LiveTopic.VMS);
                    audit.record(tenant, AuditEntry.of("volume.taken-back", "vm", vm, volume.toString()));
                });
    }

    private UUID insert(TenantId tenant, UUID vm, RestoredDisk disk) {
        UUID id = ids.next();
        jdbc.sql("""
                        insert into volume (id, tenant_id, vm_id, name, device_index, size_bytes, from_image, restored,
                                            created_at)
                        values (:id, :tenant, :vm, :name, :index, :size, false, true, :now)
                        """)
                .param("id", id)
                .param("tenant", tenant.value())
                .param("vm", vm)
                .param("name", disk.name())
                .param("index", disk.index())
                .param("size", disk.sizeBytes())
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .update();
        return id;
    }
}
