package cloud.freehold.portal.compute.domain;

import cloud.freehold.api.observed.ObservedVm.GuestDisk;
import cloud.freehold.api.observed.ObservedVm.GuestFacts;
import cloud.freehold.api.observed.ObservedVm.ObservedVolume;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.VolumeView;
import cloud.freehold.portal.compute.Volumes;
import cloud.freehold.portal.operation.NewOperation;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** Where a volume lies is its host's word alone: a move that was taken back may have been done all the same. */
@Component
@Transactional
class StoredVolumes implements Volumes {

    private static final String SELECT = """
            select d.*, s.guest, s.volumes from volume d left join vm_status s on s.vm_id = d.vm_id
            where d.tenant_id = :tenant and d.vm_id = :vm and d.device_index is not null order by d.device_index
            """;

    private final JdbcClient jdbc;
    private final VmReader vms;
    private final Operations operations;
    private final AuditTrail audit;
    private final JsonMapper json;

    StoredVolumes(JdbcClient jdbc, VmReader vms, Operations operations, AuditTrail audit, JsonMapper json) {
        this.jdbc = jdbc;
        this.vms = vms;
        this.operations = operations;
        this.audit = audit;
        this.json = json;
    }

    @Override
    @Transactional(readOnly = true)
    public List<VolumeView> of(TenantId tenant, VmId vm) {
        return jdbc.sql(SELECT)
                .param("tenant", tenant.value())
                .param("vm", vm.value())
                .query((row, number) -> read(row))
                .list();
    }

    private VolumeView read(ResultSet row) throws SQLException {
        UUID id = row.getObject("id", UUID.class);
        return new VolumeView(
                id,
                row.getString("name"),
                row.getInt("device_index"),
                row.getLong("size_bytes"),
                pool(row.getString("volumes"), id),
                guestDisk(row.getString("guest"), id),
                row.getObject("created_at", OffsetDateTime.class).toInstant());
    }

    private @Nullable String pool(@Nullable String volumes, UUID id) {
        return volumes == null
                ? null
                : Stream.of(json.readValue(volumes, ObservedVolume[].class))
                        .filter(each -> id.equals(each.id()))
                        .map(ObservedVolume::pool)
                        .findFirst()
                        .orElse(null);
    }

    private @Nullable GuestDisk guestDisk(@Nullable String guest, UUID id) {
        List<GuestDisk> disks =
                guest == null ? null : json.readValue(guest, GuestFacts.class).disks();
        return disks == null
                ? null
                : disks.stream()
                        .filter(each -> id.equals(each.volumeId()))
                        .findFirst()
                        .orElse(null);
    }

    @Override
    @Transactional(readOnly = true)
    public List<StoragePool> pools(TenantId tenant, VmId vm) {
        return jdbc
                .sql("""
                        select p.name, coalesce(p."byDefault", false) as by_default, coalesce(p."freeBytes", 0) as free_bytes
                        from vm v join host h on h.id = v.host_id,
                             jsonb_to_recordset(h.pools) as p (name text, "byDefault" boolean, "freeBytes" bigint)
                        where v.tenant_id = :tenant and v.id = :vm and jsonb_typeof(h.pools) = 'array' and p.name is not null
                        """)
                .param("tenant", tenant.value())
                .param("vm", vm.value())
                .query((row, number) ->
                        new StoragePool(row.getString("name"), row.getBoolean("by_default"), row.getLong("free_bytes")))
                .list()
                .stream()
                .sorted(Comparator.comparing(StoragePool::byDefault).reversed().thenComparing(StoragePool::name))
                .toList();
    }

    @Override
    public Operation move(TenantId tenant, VmId id, UUID volumeId, String pool, @Nullable String key) {
        VmView vm = vms.vm(tenant, id);
        if (key != null) {
            var earlier = operations.earlier(tenant, key, OperationKind.VOLUME_MIRROR, id.value());
            if (earlier.isPresent()) {
                return earlier.get();
            }
        }
        VolumeView volume = of(tenant, id).stream()
                .filter(each -> each.id().equals(volumeId))
                .findFirst()
                .orElseThrow(() -> new NotFoundException(
                        "The VM has no such volume. It may have been removed; its Disks page shows those there are."));
        check(vm, volume, pools(tenant, id), pool);
        Operation started = operations.start(
                tenant,
                NewOperation.of(OperationKind.VOLUME_MIRROR, "vm", id.value(), vm.name(), vm.hostId())
                        .with(new MoveArguments(volume.id(), volume.name(), pool))
                        .key(key));
        audit.record(
                tenant,
                AuditEntry.of("volume.move-requested", "volume", volume.id(), vm.name() + "/" + volume.name())
                        .before(Map.of("pool", Objects.requireNonNullElse(volume.pool(), "")))
                        .after(Map.of("pool", pool)));
        return started;
    }

    private static void check(VmView vm, VolumeView volume, List<StoragePool> pools, String pool) {
        if (vm.isDeleting()) {
            throw new ConflictException(
                    "vm.deleting", vm.name() + " is being deleted; nothing else can be done with it.");
        }
        StoragePool chosen = pools.stream()
                .filter(each -> each.name().equals(pool))
                .findFirst()
                .orElseThrow(() -> InvalidInputException.field(
                        "volume.pool",
                        "pool",
                        "The VM's host has no storage pool of that name. Choose one of the list."));
        if (pool.equals(volume.pool())) {
            throw InvalidInputException.field(
                    "volume.pool-same", "pool", "The volume lies in " + pool + " already. Choose another pool.");
        }
        if (chosen.freeBytes() < volume.sizeBytes()) {
            throw new CapacityException(
                    "volume.pool-full",
                    "The pool " + pool + " has no room for " + volume.name()
                            + ". Choose another one, or ask the provider to make room.");
        }
    }
}
