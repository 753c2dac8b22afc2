package cloud.freehold.portal.operation;

import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.TenantId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A tenant's operations, in the current (ordinary) transaction. */
public interface Operations {

    /**
     * Stores an operation, to begin when the transaction commits, or when the one that it waits for has ended. Open ones
     * of the same target that its kind {@linkplain OperationKind#replaces() replaces} end as cancelled.
     */
    Operation start(TenantId tenant, NewOperation operation);

    /** Ends one that needs no host. */
    void finish(TenantId tenant, OperationId id);

    /**
     * Takes an open one back. The host gives it up when it next reports of it; steps that wait for it end as well.
     *
     * @throws cloud.freehold.portal.common.ConflictException when it has ended or is of a kind that is not taken back so
     */
    void cancel(TenantId tenant, OperationId id);

    /** Whether the target has an open operation of one of the kinds. */
    boolean isOpen(TenantId tenant, UUID target, Set<OperationKind> kinds);

    /** The steps of a chain in their order, or the one operation that stands alone. */
    List<Operation> chain(TenantId tenant, UUID chain);

    /**
     * What an earlier request with this key started; nobody else can start one with the key until the transaction ends.
     *
     * @param target null: any, as for a creation
     * @throws cloud.freehold.portal.common.ConflictException when the key was used for something else
     */
    Optional<Operation> earlier(TenantId tenant, String idempotencyKey, OperationKind kind, @Nullable UUID target);

    Operation get(TenantId tenant, OperationId id);

    KeysetPage<Operation> page(TenantId tenant, OperationFilter filter);

    /** The target's latest of that kind, whatever became of it. */
    Optional<Operation> latest(TenantId tenant, UUID target, OperationKind kind);

    /** What is being done with a VM's disks, or waits for them; the newest first. */
    List<Operation> onDisks(TenantId tenant, UUID vm);
}
