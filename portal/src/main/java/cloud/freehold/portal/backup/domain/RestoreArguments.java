package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.backup.VolumeRoot;
import java.util.List;
import java.util.UUID;

/**
 * What a restore's operation remembers of its order.
 *
 * @param volumes where to and what from
 */
public record RestoreArguments(UUID pointId, UUID storeId, List<VolumeRoot> volumes, boolean live) {}
