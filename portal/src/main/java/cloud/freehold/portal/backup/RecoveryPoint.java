package cloud.freehold.portal.backup;

import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.VmId;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * @param vmName as it was called then
 * @param vmExists whether the VM is still there
 * @param policyName null: taken by hand, or its policy is gone
 * @param takenAt the moment that it shows, by the host's clock
 * @param logicalBytes size of its volumes
 * @param addedBytes what it added to the store, compressed and encrypted
 * @param sharedBytes logical bytes that earlier points already held
 * @param zeroBytes logical bytes that are empty and lie nowhere
 * @param verifiedAt when all of it was last read again; null: not yet
 * @param damaged that reading found damage
 * @param removedAt null: it is there
 * @param undoUntil until when a removed one can be brought back at least; null unless removed
 */
public record RecoveryPoint(
        PointId id,
        VmId vmId,
        String vmName,
        boolean vmExists,
        StoreId storeId,
        String storeName,
        @Nullable PolicyId policyId,
        @Nullable String policyName,
        Origin origin,
        String note,
        Instant takenAt,
        Instant storedAt,
        Consistency wanted,
        Consistency achieved,
        Certificate certificate,
        long logicalBytes,
        long readBytes,
        long addedBytes,
        long sharedBytes,
        long zeroBytes,
        boolean isProtected,
        @Nullable Instant verifiedAt,
        boolean damaged,
        @Nullable Instant removedAt,
        @Nullable String removedBy,
        @Nullable Instant undoUntil,
        List<PointVolume> volumes,
        long version) {

    /**
     * @param id null: the first
     * @throws NotFoundException when it has no such volume
     */
    public PointVolume volume(@Nullable UUID id) {
        return volumes.stream()
                .filter(each -> id == null || each.volumeId().equals(id))
                .findFirst()
                .orElseThrow(() -> new NotFoundException(
                        "There is no such volume in the point. Open the point and choose one of its volumes."));
    }

    public boolean isRemoved() {
        return removedAt != null;
    }

    /** Such as {@code filesystem-consistent}. */
    public String level() {
        return Levels.name(achieved);
    }
}
