package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.Origin;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a backup's operation remembers of its order. */
public record BackupArguments(
        UUID pointId,
        UUID storeId,
        @Nullable UUID policyId,
        Origin origin,
        String note,
        Consistency wanted,
        Consistency acceptable,
        int freezeLimitMillis) {}
