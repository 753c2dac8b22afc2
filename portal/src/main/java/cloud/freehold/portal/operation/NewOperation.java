package cloud.freehold.portal.operation;

import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * @param targetKind what the target is, for example {@code vm}
 * @param hostId who carries it out; null while the target, a VM, has no host
 * @param arguments what its feature needs to make the host's command of it; stored as JSON
 * @param after begins only when this one has ended; null: at once
 * @param evenIfFailed begins also when the one before did not end well; else it fails with it
 * @param idempotencyKey the client's name for this request; repeating it starts nothing anew
 */
public record NewOperation(
        OperationKind kind,
        String targetKind,
        UUID targetId,
        String targetName,
        @Nullable UUID hostId,
        Object arguments,
        @Nullable OperationId after,
        boolean evenIfFailed,
        @Nullable String idempotencyKey) {

    /**
     * Of a VM.
     *
     * @param force for a reboot: do not ask the guest first
     */
    public NewOperation(
            OperationKind kind,
            UUID targetId,
            String targetName,
            @Nullable UUID hostId,
            boolean force,
            @Nullable String idempotencyKey) {
        this(kind, "vm", targetId, targetName, hostId, Map.of("force", force), null, false, idempotencyKey);
    }

    public static NewOperation of(
            OperationKind kind, String targetKind, UUID targetId, String targetName, @Nullable UUID hostId) {
        return new NewOperation(kind, targetKind, targetId, targetName, hostId, Map.of(), null, false, null);
    }

    public NewOperation with(Object someArguments) {
        return new NewOperation(
                kind, targetKind, targetId, targetName, hostId, someArguments, after, evenIfFailed, idempotencyKey);
    }

    public NewOperation key(@Nullable String key) {
        return new NewOperation(kind, targetKind, targetId, targetName, hostId, arguments, after, evenIfFailed, key);
    }

    /** The next step of a chain: fails when the one before does. */
    public NewOperation after(@Nullable OperationId before) {
        return new NewOperation(
                kind, targetKind, targetId, targetName, hostId, arguments, before, false, idempotencyKey);
    }

    /** The next step of a chain, whichever way the one before ends. */
    public NewOperation afterEndOf(OperationId before) {
        return new NewOperation(
                kind, targetKind, targetId, targetName, hostId, arguments, before, true, idempotencyKey);
    }
}
