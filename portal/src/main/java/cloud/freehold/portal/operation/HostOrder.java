package cloud.freehold.portal.operation;

import cloud.freehold.portal.common.Actor;
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
        String hostName,
        String arguments,
        Instant deadline) {

    /** The host that carries it out, for the audit trail. */
    public Actor host() {
        return Actor.host(hostId, hostName, null);
    }
}
