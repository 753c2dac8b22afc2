package cloud.freehold.portal.compute;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.Operation;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The disks of a VM: where they lie, how the guest uses them, and their way to another storage pool. */
public interface Volumes {

    /** In the order in which they are in the machine. */
    List<VolumeView> of(TenantId tenant, VmId vm);

    /** Those of the VM's host, its default one first; empty while it has none, or the host has not told. */
    List<StoragePool> pools(TenantId tenant, VmId vm);

    /**
     * Moves a volume to another pool of its host, also while its VM runs.
     *
     * @throws cloud.freehold.portal.common.NotFoundException when the VM has no such volume
     */
    Operation move(TenantId tenant, VmId vm, UUID volume, String pool, @Nullable String idempotencyKey);

    /** @param freeBytes for the checks; the provider's business else */
    record StoragePool(String name, boolean byDefault, long freeBytes) {}
}
