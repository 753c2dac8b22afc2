package cloud.freehold.portal.compute;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.OperationId;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** VMs and volumes whose content a restore brings, in the current transaction of the tenant. */
public interface RestoredVms {

    /**
     * A new VM with new NICs, also of an image or flavor that is no longer offered; it starts once its volumes are there. Nothing is started for it: what fills the volumes and the
     * operation that ends when it runs are the caller's.
     *
     * @param host the only host that it can be on; null: any
     */
    Made create(TenantId tenant, NewVm vm, List<RestoredDisk> disks, @Nullable UUID host);

    /**
     * A volume more for a VM.
     *
     * @return its id
     */
    UUID addVolume(TenantId tenant, VmId vm, String name, long sizeBytes);

    /** The operation that fills these volumes. */
    void filledBy(TenantId tenant, List<UUID> volumes, OperationId operation);

    /** A volume that was added and whose operation did not end well. */
    void takeBack(TenantId tenant, UUID volume);

    /** @param volumes the new volumes' ids by their index */
    record Made(VmId vm, Map<Integer, UUID> volumes) {}
}
