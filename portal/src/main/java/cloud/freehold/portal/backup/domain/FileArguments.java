package cloud.freehold.portal.backup.domain;

import java.util.UUID;

/** What the operations remember that list a folder of a point or bring a file out of it. */
public record FileArguments(UUID storeId, UUID volumeId, String path) {}
