package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.operation.Operation;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Bringing recovery points back. Each returns the restore itself; its chain has the steps around it. */
public interface Restores {

    /**
     * Puts a VM's volumes back to the point: it is stopped, what its disks hold is kept as a point of its own, the volumes are
     * overwritten, and it is started again if it ran. It is started also when the restore fails: its disks are then as before.
     *
     * @throws cloud.freehold.portal.common.ConflictException when the VM is gone or none of the point's volumes is its any more
     */
    Operation inPlace(TenantId tenant, PointId point, InPlace wanted, @Nullable String idempotencyKey);

    Operation toNewVm(TenantId tenant, PointId point, ToNewVm wanted, @Nullable String idempotencyKey);

    /** One of the point's volumes as a further one of a VM, which may run. */
    Operation volume(TenantId tenant, PointId point, ToVolume wanted, @Nullable String idempotencyKey);

    /** What the form for a new VM starts with. */
    MachineThen machine(TenantId tenant, PointId point);

    /**
     * @param confirmedName must be the VM's name; null when an API client confirms by asking
     * @param keepPresent take a point of what the disks hold now, first
     * @param forceOff do not wait for the guest to shut down
     */
    record InPlace(@Nullable String confirmedName, boolean keepPresent, boolean forceOff) {}

    /**
     * @param flavor null: as it was
     * @param network null: the tenant's default one
     * @param securityGroups null: the tenant's default group
     * @param live start at once and read ahead of the copy
     */
    record ToNewVm(
            String name,
            String description,
            @Nullable UUID flavor,
            @Nullable NetworkId network,
            @Nullable List<SecurityGroupId> securityGroups,
            boolean live) {}

    /** @param volume which of the point's volumes */
    record ToVolume(UUID volume, VmId vm, String name) {}

    /** What the VM was when the point was taken. */
    record MachineThen(
            String name,
            String description,
            UUID flavor,
            @Nullable UUID network,
            List<UUID> securityGroups) {}
}
