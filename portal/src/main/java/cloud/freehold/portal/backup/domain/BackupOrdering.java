package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.backup.NewBackup;
import cloud.freehold.portal.backup.Store;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.operation.NewOperation;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Orders backups. The point itself comes into being only with the host's result. */
@Component
public class BackupOrdering {

    private final JdbcClient jdbc;
    private final Vms vms;
    private final Stores stores;
    private final Operations operations;
    private final AuditTrail audit;
    private final Uuid7 ids;

    BackupOrdering(JdbcClient jdbc, Vms vms, Stores stores, Operations operations, AuditTrail audit, Uuid7 ids) {
        this.jdbc = jdbc;
        this.vms = vms;
        this.stores = stores;
        this.operations = operations;
        this.audit = audit;
        this.ids = ids;
    }

    /** In the current transaction of the tenant. */
    public Operation order(TenantId tenant, NewBackup wanted, @Nullable String idempotencyKey) {
        check(wanted);
        VmView vm = vms.get(tenant, wanted.vm());
        UUID host = vm.hostId();
        if (vm.isDeleting() || host == null) {
            throw new ConflictException(
                    "backup.no-host",
                    vm.isDeleting()
                            ? vm.name() + " is being deleted; it cannot be backed up any more."
                            : vm.name() + " has no host yet, so there is nothing to back up. Wait until it runs.");
        }
        Store store = stores.choose(tenant, wanted.store(), host);
        StoreLock.take(jdbc, tenant, store.id());
        BackupArguments arguments = new BackupArguments(
                ids.next(),
                store.id().value(),
                wanted.policy() == null ? null : wanted.policy().value(),
                wanted.origin(),
                wanted.note(),
                wanted.wanted(),
                wanted.acceptable(),
                wanted.freezeLimitMillis());
        NewOperation operation = new NewOperation(
                        OperationKind.BACKUP, wanted.vm().value(), vm.name(), host, false, idempotencyKey)
                .with(arguments);
        Operation started =
                operations.start(tenant, ordered(operation, wanted, Collections.open(jdbc, tenant, store.id())));
        audit.record(
                tenant,
                AuditEntry.of("backup.requested", "vm", wanted.vm().value(), vm.name())
                        .after(Map.of(
                                "store", store.name(),
                                "wanted", wanted.wanted(),
                                "acceptable", wanted.acceptable(),
                                "origin", wanted.origin())));
        return started;
    }

    private static NewOperation ordered(
            NewOperation operation, NewBackup wanted, @Nullable OperationId openCollection) {
        if (wanted.after() != null) {
            return operation.after(wanted.after());
        }
        return openCollection == null ? operation : operation.afterEndOf(openCollection);
    }

    private static void check(NewBackup wanted) {
        if (wanted.acceptable().compareTo(wanted.wanted()) > 0) {
            throw InvalidInputException.field(
                    "backup.acceptable",
                    "acceptable",
                    "What is acceptable cannot be stronger than what is wanted. Lower it, or want more.");
        }
        if (wanted.freezeLimitMillis() < 100 || wanted.freezeLimitMillis() > 60_000) {
            throw InvalidInputException.field(
                    "backup.freeze-limit", "freezeLimit", "The freeze may last between 0.1 and 60 seconds.");
        }
        Notes.check(wanted.note());
    }
}
