package cloud.freehold.portal.operation;

import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.TenantId;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A tenant's operations, in the current (ordinary) transaction. */
public interface Operations {

    /**
     * Stores an operation, to begin when the transaction commits. Open power operations of the same target end as
     * cancelled, and before a deletion all of them do.
     */
    Operation start(TenantId tenant, NewOperation operation);

    /** Ends one that needs no host. */
    void finish(TenantId tenant, OperationId id);

    /**
     * What an earlier request with this key started; nobody else can start one with the key until the transaction ends.
     *
     * @param target null: any, as for a creation
     * @throws cloud.freehold.portal.common.ConflictException when the key was used for something else
     */
    Optional<Operation> earlier(TenantId tenant, String idempotencyKey, OperationKind kind, @Nullable UUID target);

    Operation get(TenantId tenant, OperationId id);

    KeysetPage<Operation> page(TenantId tenant, OperationFilter filter);
}
