package cloud.freehold.portal.operation;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * @param hostId who carries it out; null while the target has no host
 * @param force for a reboot: do not ask the guest first
 * @param idempotencyKey the client's name for this request; repeating it starts nothing anew
 */
public record NewOperation(
        OperationKind kind,
        UUID targetId,
        String targetName,
        @Nullable UUID hostId,
        boolean force,
        @Nullable String idempotencyKey) {}
