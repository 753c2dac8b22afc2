package cloud.freehold.portal.backup.domain;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a verification's operation remembers; the points are those that it has pinned. */
public record VerifyArguments(UUID storeId, @Nullable UUID policyId) {}
