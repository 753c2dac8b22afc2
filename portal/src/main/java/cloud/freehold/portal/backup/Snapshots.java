package cloud.freehold.portal.backup;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.Operation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots: for going back soon, as before an update. They lie on the disk that they are of, so they are no backup: what takes the
 * disk takes them along.
 */
public interface Snapshots {

    /** In the order of the tree: each below the one that it builds upon. */
    List<Snapshot> of(TenantId tenant, VmId vm);

    /** How many a VM may have. */
    int mostPerVm();

    /** Of several VMs at one moment: all or none. */
    Operation take(TenantId tenant, NewSnapshot snapshot, @Nullable String idempotencyKey);

    /**
     * Puts the VM back. What its disks hold now is lost, unless it is in a snapshot or a backup.
     *
     * @param confirmedName must be the VM's name; null when an API client confirms by asking
     */
    Operation rollBack(
            TenantId tenant, SnapshotId snapshot, @Nullable String confirmedName, @Nullable String idempotencyKey);

    Operation delete(TenantId tenant, SnapshotId snapshot, @Nullable String idempotencyKey);

    void describe(TenantId tenant, SnapshotId snapshot, String description);

    /**
     * @param vms 1–16, on one host
     * @param withMemory the guest goes on from that moment; one VM that runs
     */
    record NewSnapshot(
            List<VmId> vms,
            String name,
            String description,
            boolean withMemory,
            Consistency wanted,
            Consistency acceptable) {}
}
