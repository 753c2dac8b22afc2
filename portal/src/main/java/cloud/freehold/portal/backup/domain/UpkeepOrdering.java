package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.backup.Upkeep.Check;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.operation.NewOperation;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Orders verifications, drills and collections, in the current transaction of the tenant. */
@Component
public class UpkeepOrdering {

    private final JdbcClient jdbc;
    private final Stores stores;
    private final Vms vms;
    private final Operations operations;
    private final AuditTrail audit;

    UpkeepOrdering(JdbcClient jdbc, Stores stores, Vms vms, Operations operations, AuditTrail audit) {
        this.jdbc = jdbc;
        this.stores = stores;
        this.vms = vms;
        this.operations = operations;
        this.audit = audit;
    }

    Operation verify(TenantId tenant, RecoveryPoint point, @Nullable String key) {
        StoreLock.take(jdbc, tenant, point.storeId());
        Operation started = operations.start(
                tenant,
                NewOperation.of(
                                OperationKind.POINTS_VERIFY,
                                "recovery-point",
                                point.id().value(),
                                point.vmName() + " " + PointNames.of(point.takenAt()),
                                host(tenant, point.storeId()))
                        .with(new VerifyArguments(point.storeId().value(), null))
                        .key(key));
        PointPins.pin(jdbc, tenant, point.id(), started.id());
        record(tenant, "verify.requested", started);
        return started;
    }

    /** All points that the policy has taken; empty when there are none. */
    public Optional<Operation> verify(TenantId tenant, PolicyRows.Row policy) {
        StoreId store = policy.settings().store();
        StoreLock.take(jdbc, tenant, store);
        boolean any = jdbc.sql("""
                        select exists (select from recovery_point where tenant_id = :tenant and policy_id = :policy
                            and store_id = :store and removed_at is null)
                        """)
                .param("tenant", tenant.value())
                .param("policy", policy.id().value())
                .param("store", store.value())
                .query(Boolean.class)
                .single();
        if (!any) {
            return Optional.empty();
        }
        Operation started = operations.start(
                tenant,
                NewOperation.of(
                                OperationKind.POINTS_VERIFY,
                                "backup-policy",
                                policy.id().value(),
                                policy.settings().name(),
                                host(tenant, store))
                        .with(new VerifyArguments(store.value(), policy.id().value())));
        jdbc.sql("""
                        insert into recovery_point_pin (tenant_id, point_id, operation_id)
                        select tenant_id, id, :operation from recovery_point
                        where tenant_id = :tenant and policy_id = :policy and store_id = :store and removed_at is null
                        """)
                .param("operation", started.id().value())
                .param("tenant", tenant.value())
                .param("policy", policy.id().value())
                .param("store", store.value())
                .update();
        return Optional.of(started);
    }

    /** @throws ConflictException when the VM whose likeness it takes is gone or out of the store's reach */
    public Operation drill(
            TenantId tenant,
            RecoveryPoint point,
            @Nullable Check check,
            @Nullable Duration objective,
            @Nullable PolicyId policy,
            @Nullable String key) {
        check(check);
        VmView like = like(tenant, point);
        UUID only = stores.hostOf(point.storeId());
        if (like.hostId() == null || (only != null && !only.equals(like.hostId()))) {
            throw new ConflictException(
                    "drill.out-of-reach",
                    "The host of " + like.name() + " does not reach the store " + point.storeName()
                            + ", so the point cannot be tried there.");
        }
        StoreLock.take(jdbc, tenant, point.storeId());
        Operation started = operations.start(
                tenant,
                NewOperation.of(
                                OperationKind.DRILL,
                                "recovery-point",
                                point.id().value(),
                                point.vmName() + " " + PointNames.of(point.takenAt()),
                                like.hostId())
                        .with(new DrillArguments(
                                point.id().value(),
                                point.storeId().value(),
                                policy == null ? null : policy.value(),
                                point.vmId().value(),
                                point.vmName(),
                                point.takenAt(),
                                check == null ? null : check.port(),
                                check == null ? null : check.path(),
                                objective == null ? null : objective.toMillis()))
                        .key(key));
        PointPins.pin(jdbc, tenant, point.id(), started.id());
        record(tenant, "drill.requested", started);
        return started;
    }

    private VmView like(TenantId tenant, RecoveryPoint point) {
        try {
            return vms.get(tenant, point.vmId());
        } catch (NotFoundException gone) {
            throw new ConflictException(
                    "drill.vm-gone",
                    point.vmName()
                            + " is there no more, and a drill takes its likeness. Restore the point to a new VM to"
                            + " try it.");
        }
    }

    private static void check(@Nullable Check check) {
        if (check != null && (check.port() < 1 || check.port() > 65_535)) {
            throw InvalidInputException.field("drill.port", "port", "A port lies between 1 and 65535.");
        }
        String path = check == null ? null : check.path();
        if (path != null
                && (!path.startsWith("/")
                        || path.length() > 200
                        || !path.chars().allMatch(c -> c > 0x20 && c < 0x7f))) {
            throw InvalidInputException.field(
                    "drill.path", "path", "A path begins with / and has no spaces, for example /health.");
        }
    }

    /** The open one when there is one: two at a time have nothing to do. */
    public Operation collect(TenantId tenant, StoreId store, String storeName) {
        StoreLock.take(jdbc, tenant, store);
        OperationId open = Collections.open(jdbc, tenant, store);
        if (open != null) {
            return operations.get(tenant, open);
        }
        return operations.start(
                tenant,
                NewOperation.of(
                                OperationKind.GARBAGE_COLLECT,
                                "backup-store",
                                store.value(),
                                storeName,
                                host(tenant, store))
                        .with(new CollectArguments(store.value())));
    }

    /** One that reaches the store: its own, else one that has the tenant's VMs, else one that was heard of lately. */
    private UUID host(TenantId tenant, StoreId store) {
        UUID only = stores.hostOf(store);
        return only != null
                ? only
                : jdbc.sql("""
                        select h.id from host h
                        order by exists (select from vm where tenant_id = :tenant and host_id = h.id) desc,
                                 h.last_seen_at desc nulls last limit 1
                        """)
                        .param("tenant", tenant.value())
                        .query(UUID.class)
                        .optional()
                        .orElseThrow(() -> new ConflictException(
                                "backup.no-host", "The provider has no host connected. Try again later."));
    }

    private void record(TenantId tenant, String action, Operation started) {
        audit.record(
                tenant,
                AuditEntry.of(action, "recovery-point", started.targetId(), started.targetName())
                        .after(Map.of("operation", Objects.toString(started.id()))));
    }
}
