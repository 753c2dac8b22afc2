package cloud.freehold.portal.backup.domain;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a drill's operation remembers. */
public record DrillArguments(
        UUID pointId,
        UUID storeId,
        @Nullable UUID policyId,
        UUID vmId,
        String vmName,
        Instant takenAt,
        @Nullable Integer port,
        @Nullable String path,
        @Nullable Long objectiveMillis) {}
