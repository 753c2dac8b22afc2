package cloud.freehold.portal.operation;

import cloud.freehold.portal.common.TenantId;
import java.time.Instant;
import java.util.UUID;

/**
 * An open operation, as its feature needs it to make a host's command of it.
 *
 * @param arguments JSON, as {@link NewOperation#arguments} was given
 */
public record HostOrder(
        OperationId id,
        TenantId tenant,
        OperationKind kind,
        UUID targetId,
        String targetName,
        UUID hostId,
        String arguments,
        Instant deadline) {}
