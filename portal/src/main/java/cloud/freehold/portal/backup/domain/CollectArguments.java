package cloud.freehold.portal.backup.domain;

import java.util.UUID;

/** What a garbage collection's operation remembers. */
public record CollectArguments(UUID storeId) {}
