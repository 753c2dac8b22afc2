package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.backup.Consistency;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a snapshot's operation remembers of its order. */
public record SnapshotArguments(
        List<Target> targets,
        String name,
        String description,
        boolean withMemory,
        Consistency wanted,
        Consistency acceptable,
        @Nullable UUID snapshotId) {

    public record Target(UUID vmId, UUID snapshotId) {}

    /** For going back to one and for deleting one. */
    static SnapshotArguments of(UUID snapshot) {
        return new SnapshotArguments(List.of(), "", "", false, Consistency.CRASH, Consistency.CRASH, snapshot);
    }
}
