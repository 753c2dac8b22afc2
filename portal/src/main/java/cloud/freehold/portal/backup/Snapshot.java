package cloud.freehold.portal.backup;

import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.compute.VmId;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * @param depth how many others it builds upon, for drawing the tree
 * @param isHead the VM goes on from it
 * @param moment the same for snapshots of several VMs that were taken at one moment
 * @param together names of the other VMs of that moment
 * @param memoryBytes 0: disks alone
 * @param hint what its host had to say about it; null: nothing
 */
public record Snapshot(
        SnapshotId id,
        VmId vm,
        String name,
        String description,
        @Nullable SnapshotId parent,
        int depth,
        boolean isHead,
        UUID moment,
        List<String> together,
        Instant takenAt,
        Consistency achieved,
        Certificate certificate,
        long memoryBytes,
        @Nullable String hint) {

    public String level() {
        return Levels.name(achieved);
    }
}
