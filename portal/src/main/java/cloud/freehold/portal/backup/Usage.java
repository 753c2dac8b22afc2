package cloud.freehold.portal.backup;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * @param logicalBytes what its points would take if each lay there whole
 * @param addedBytes what they added when they were stored
 * @param keptBytes what the last collection found in the store; null before the first
 * @param collectedAt null before the first
 */
public record Usage(
        StoreId store,
        String name,
        int points,
        long logicalBytes,
        long addedBytes,
        @Nullable Long keptBytes,
        @Nullable Instant collectedAt) {}
