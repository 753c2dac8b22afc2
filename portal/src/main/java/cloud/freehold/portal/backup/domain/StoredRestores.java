package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.backup.NewBackup;
import cloud.freehold.portal.backup.Origin;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.PointVolume;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.backup.Restores;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.NewVm;
import cloud.freehold.portal.compute.RestoredDisk;
import cloud.freehold.portal.compute.RestoredVms;
import cloud.freehold.portal.compute.VmCommand;
import cloud.freehold.portal.compute.VmState;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.operation.NewOperation;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Each restore: one transaction with all steps of its chain, its pins and its audit event. */
@Component
@Transactional
class StoredRestores implements Restores {

    private final JdbcClient jdbc;
    private final PointReader points;
    private final PointMachines machines;
    private final Stores stores;
    private final BackupOrdering backups;
    private final Vms vms;
    private final RestoredVms restored;
    private final Operations operations;
    private final AuditTrail audit;

    StoredRestores(
            JdbcClient jdbc,
            PointReader points,
            PointMachines machines,
            Stores stores,
            BackupOrdering backups,
            Vms vms,
            RestoredVms restored,
            Operations operations,
            AuditTrail audit) {
        this.jdbc = jdbc;
        this.points = points;
        this.machines = machines;
        this.stores = stores;
        this.backups = backups;
        this.vms = vms;
        this.restored = restored;
        this.operations = operations;
        this.audit = audit;
    }

    @Override
    public Operation inPlace(TenantId tenant, PointId id, InPlace wanted, @Nullable String key) {
        Optional<Operation> earlier = earlier(tenant, key);
        if (earlier.isPresent()) {
            return earlier.get();
        }
        RecoveryPoint point = usable(tenant, id);
        VmView vm = vm(tenant, point);
        if (wanted.confirmedName() != null && !wanted.confirmedName().strip().equals(vm.name())) {
            throw InvalidInputException.field(
                    "restore.confirm-name",
                    "confirm",
                    "Type the name of the VM, " + vm.name() + ", to overwrite its disks.");
        }
        UUID host = reachable(tenant, point, vm);
        List<VolumeRoot> volumes = present(tenant, point);
        requireNoOther(tenant, vm);

        boolean ran = vm.wantsToRun() || vm.state() != VmState.STOPPED;
        OperationId last = ran ? stop(tenant, vm, wanted.forceOff()) : null;
        if (wanted.keepPresent()) {
            last = keep(tenant, point, vm, last).id();
        }
        Operation restore = start(
                tenant,
                point,
                new NewOperation(OperationKind.RESTORE, vm.id().value(), vm.name(), host, false, key).after(last),
                new RestoreArguments(id.value(), point.storeId().value(), volumes, false));
        if (ran) {
            operations.start(
                    tenant,
                    new NewOperation(OperationKind.VM_START, vm.id().value(), vm.name(), host, false, null)
                            .afterEndOf(restore.id()));
        }
        return restore;
    }

    private OperationId stop(TenantId tenant, VmView vm, boolean force) {
        VmCommand command = force && vm.canForceOff() ? VmCommand.FORCE_OFF : VmCommand.STOP;
        return vms.command(tenant, vm.id(), command, false, null, null).id();
    }

    /** A stopped VM's disks are at rest, so this is as good as it gets without the guest. */
    private Operation keep(TenantId tenant, RecoveryPoint point, VmView vm, @Nullable OperationId after) {
        return backups.order(
                tenant,
                new NewBackup(
                        vm.id(),
                        point.storeId(),
                        null,
                        Origin.BEFORE_RESTORE,
                        Consistency.BARRIER,
                        Consistency.CRASH,
                        NewBackup.USUAL_FREEZE_LIMIT,
                        "What the disks held before they were put back to " + PointNames.of(point.takenAt()),
                        after),
                null);
    }

    @Override
    public Operation toNewVm(TenantId tenant, PointId id, ToNewVm wanted, @Nullable String key) {
        Optional<Operation> earlier = earlier(tenant, key);
        if (earlier.isPresent()) {
            return earlier.get();
        }
        RecoveryPoint point = usable(tenant, id);
        MachineRecord machine = machines.of(tenant, id);
        RestoredVms.Made made = restored.create(
                tenant,
                new NewVm(
                        wanted.name(),
                        wanted.description(),
                        machine.imageId(),
                        wanted.flavor() == null ? machine.flavorId() : wanted.flavor(),
                        wanted.network(),
                        wanted.securityGroups()),
                point.volumes().stream()
                        .map(each -> new RestoredDisk(each.name(), each.index(), each.sizeBytes()))
                        .toList(),
                stores.hostOf(point.storeId()));
        List<VolumeRoot> volumes = point.volumes().stream()
                .map(each -> new VolumeRoot(
                        Objects.requireNonNull(made.volumes().get(each.index())), each.root(), each.sizeBytes()))
                .toList();
        Operation restore = start(
                tenant,
                point,
                new NewOperation(OperationKind.RESTORE, made.vm().value(), wanted.name(), null, false, key),
                new RestoreArguments(id.value(), point.storeId().value(), volumes, wanted.live()));
        restored.filledBy(tenant, List.copyOf(made.volumes().values()), restore.id());
        operations.start(
                tenant,
                new NewOperation(OperationKind.VM_CREATE, made.vm().value(), wanted.name(), null, false, null)
                        .after(restore.id()));
        return restore;
    }

    @Override
    public Operation volume(TenantId tenant, PointId id, ToVolume wanted, @Nullable String key) {
        Optional<Operation> earlier = earlier(tenant, key);
        if (earlier.isPresent()) {
            return earlier.get();
        }
        RecoveryPoint point = usable(tenant, id);
        PointVolume volume = point.volumes().stream()
                .filter(each -> each.volumeId().equals(wanted.volume()))
                .findFirst()
                .orElseThrow(() -> InvalidInputException.field(
                        "restore.volume", "volume", "The point has no such volume. Choose one of the list."));
        String name = wanted.name().strip();
        if (name.isEmpty() || name.length() > 63 || name.chars().anyMatch(Character::isISOControl)) {
            throw InvalidInputException.field(
                    "restore.volume-name", "name", "Give the new volume a name of up to 63 characters.");
        }
        VmView vm = vms.get(tenant, wanted.vm());
        UUID host = reachable(tenant, point, vm);
        UUID added = restored.addVolume(tenant, vm.id(), name, volume.sizeBytes());
        Operation restore = start(
                tenant,
                point,
                new NewOperation(OperationKind.RESTORE, vm.id().value(), vm.name(), host, false, key),
                new RestoreArguments(
                        id.value(),
                        point.storeId().value(),
                        List.of(new VolumeRoot(added, volume.root(), volume.sizeBytes())),
                        false));
        restored.filledBy(tenant, List.of(added), restore.id());
        return restore;
    }

    @Override
    @Transactional(readOnly = true)
    public MachineThen machine(TenantId tenant, PointId point) {
        points.point(tenant, point);
        MachineRecord machine = machines.of(tenant, point);
        Optional<MachineRecord.Nic> nic = machine.nics().stream().findFirst();
        return new MachineThen(
                machine.name(),
                machine.description(),
                machine.flavorId(),
                nic.map(MachineRecord.Nic::networkId).orElse(null),
                nic.map(MachineRecord.Nic::securityGroupIds).orElse(List.of()));
    }

    /** Its data stays until the restore has ended. */
    private Operation start(TenantId tenant, RecoveryPoint point, NewOperation restore, RestoreArguments arguments) {
        StoreLock.take(jdbc, tenant, point.storeId());
        Operation started = operations.start(tenant, restore.with(arguments));
        PointPins.pin(jdbc, tenant, point.id(), started.id());
        audit.record(
                tenant,
                AuditEntry.of("restore.requested", "vm", restore.targetId(), restore.targetName())
                        .after(Map.of(
                                "point",
                                point.id().toString(),
                                "takenAt",
                                point.takenAt().toString())));
        return started;
    }

    private Optional<Operation> earlier(TenantId tenant, @Nullable String key) {
        return key == null ? Optional.empty() : operations.earlier(tenant, key, OperationKind.RESTORE, null);
    }

    private RecoveryPoint usable(TenantId tenant, PointId id) {
        RecoveryPoint point = points.point(tenant, id);
        if (point.isRemoved()) {
            throw new ConflictException(
                    "backup.removed", "This recovery point was removed. Bring it back before you restore from it.");
        }
        return point;
    }

    private VmView vm(TenantId tenant, RecoveryPoint point) {
        try {
            VmView vm = vms.get(tenant, point.vmId());
            if (!vm.isDeleting()) {
                return vm;
            }
        } catch (NotFoundException gone) {
            // Answered below: the point is found, its VM is not.
        }
        throw new ConflictException(
                "restore.vm-gone", point.vmName() + " is there no more. Restore the point to a new VM instead.");
    }

    private UUID reachable(TenantId tenant, RecoveryPoint point, VmView vm) {
        UUID host = vm.hostId();
        if (host == null) {
            throw new ConflictException(
                    "restore.no-host", vm.name() + " has no host yet. Wait until it runs, then restore.");
        }
        UUID only = stores.hostOf(point.storeId());
        if (only != null && !only.equals(host)) {
            throw new ConflictException(
                    "restore.out-of-reach",
                    "The host of " + vm.name() + " does not reach the store " + point.storeName()
                            + ". Restore the point to a new VM; it is put where the store is.");
        }
        return host;
    }

    /** Those of the point's volumes that are the VM's still. */
    private List<VolumeRoot> present(TenantId tenant, RecoveryPoint point) {
        List<UUID> now = jdbc.sql("select id from volume where tenant_id = :tenant and vm_id = :vm")
                .param("tenant", tenant.value())
                .param("vm", point.vmId().value())
                .query(UUID.class)
                .list();
        List<VolumeRoot> volumes = point.volumes().stream()
                .filter(each -> now.contains(each.volumeId()))
                .map(each -> new VolumeRoot(each.volumeId(), each.root(), each.sizeBytes()))
                .toList();
        if (volumes.isEmpty()) {
            throw new ConflictException(
                    "restore.no-volume",
                    "None of the point's volumes is attached to the VM any more. Restore them as new volumes, or restore to a"
                            + " new VM.");
        }
        return volumes;
    }

    private void requireNoOther(TenantId tenant, VmView vm) {
        if (operations.isOpen(tenant, vm.id().value(), EnumSet.of(OperationKind.RESTORE))) {
            throw new ConflictException(
                    "restore.open",
                    vm.name() + " is being restored already. Wait for its end, or cancel it under Operations.");
        }
    }
}
