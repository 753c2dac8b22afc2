package cloud.freehold.portal.compute;

import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.network.NetworkId;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * @param network null: the tenant's default one
 * @param securityGroups null: the tenant's default group
 */
public record NewVm(
        String name,
        String description,
        UUID imageId,
        UUID flavorId,
        @Nullable NetworkId network,
        @Nullable List<SecurityGroupId> securityGroups) {}
