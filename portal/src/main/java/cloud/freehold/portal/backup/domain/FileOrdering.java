package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.FilePlace;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.operation.NewOperation;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Orders of hosts what shows and brings files, in the current transaction of the tenant. */
@Component
class FileOrdering {

    private final JdbcClient jdbc;
    private final FileHosts hosts;
    private final Operations operations;
    private final TenantTransaction transactions;

    FileOrdering(JdbcClient jdbc, FileHosts hosts, Operations operations, TenantTransaction transactions) {
        this.jdbc = jdbc;
        this.hosts = hosts;
        this.operations = operations;
        this.transactions = transactions;
    }

    void lock(TenantId tenant, RecoveryPoint point) {
        StoreLock.take(jdbc, tenant, point.storeId());
    }

    /** The point stays while the operation is open. */
    Operation order(TenantId tenant, RecoveryPoint point, FilePlace place, OperationKind kind, @Nullable String key) {
        lock(tenant, point);
        Operation started = operations.start(
                tenant,
                NewOperation.of(
                                kind,
                                "recovery-point",
                                point.id().value(),
                                point.vmName() + " " + PointNames.of(point.takenAt()),
                                hosts.of(tenant, point))
                        .with(new FileArguments(
                                point.storeId().value(),
                                place.volume(),
                                place.path().value()))
                        .key(key));
        PointPins.pin(jdbc, tenant, point.id(), started.id());
        return started;
    }

    void inTenant(TenantId tenant, Runnable work) {
        transactions.run(tenant, work);
    }
}
