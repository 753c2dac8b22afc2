package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.command.CommandResult.Damage;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.backup.Backups;
import cloud.freehold.portal.backup.NewBackup;
import cloud.freehold.portal.backup.PointFilter;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.backup.Store;
import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.NumberedPage;
import cloud.freehold.portal.common.StaleVersionException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Each command: one transaction with the change and its audit event. */
@Component
@Transactional
class StoredBackups implements Backups {

    private final JdbcClient jdbc;
    private final Stores stores;
    private final PointReader reader;
    private final BackupOrdering ordering;
    private final Operations operations;
    private final AuditTrail audit;
    private final ActorSource actors;
    private final LiveEvents live;
    private final Clock clock;

    StoredBackups(
            JdbcClient jdbc,
            Stores stores,
            PointReader reader,
            BackupOrdering ordering,
            Operations operations,
            AuditTrail audit,
            ActorSource actors,
            LiveEvents live,
            Clock clock) {
        this.jdbc = jdbc;
        this.stores = stores;
        this.reader = reader;
        this.ordering = ordering;
        this.operations = operations;
        this.audit = audit;
        this.actors = actors;
        this.live = live;
        this.clock = clock;
    }

    @Override
    @Transactional(readOnly = true)
    public List<Store> stores(TenantId tenant) {
        return stores.offered(tenant);
    }

    @Override
    public Operation backUp(TenantId tenant, NewBackup backup, @Nullable String key) {
        if (key != null) {
            var earlier = operations.earlier(
                    tenant, key, OperationKind.BACKUP, backup.vm().value());
            if (earlier.isPresent()) {
                return earlier.get();
            }
        }
        return ordering.order(tenant, backup, key);
    }

    @Override
    @Transactional(readOnly = true)
    public KeysetPage<RecoveryPoint> points(TenantId tenant, PointFilter filter) {
        return reader.page(tenant, filter);
    }

    @Override
    @Transactional(readOnly = true)
    public NumberedPage<RecoveryPoint> points(TenantId tenant, PointFilter filter, int number) {
        return reader.page(tenant, filter, number);
    }

    @Override
    @Transactional(readOnly = true)
    public RecoveryPoint point(TenantId tenant, PointId id) {
        return reader.point(tenant, id);
    }

    @Override
    @Transactional(readOnly = true)
    public List<Damage> damages(TenantId tenant, PointId id) {
        return reader.damages(tenant, id);
    }

    @Override
    public void describe(
            TenantId tenant, PointId id, String note, boolean isProtected, @Nullable Long expectedVersion) {
        Notes.check(note);
        RecoveryPoint point = lock(tenant, id, expectedVersion);
        if (isProtected && point.isRemoved()) {
            throw new ConflictException(
                    "backup.removed", "This recovery point was removed. Bring it back before you protect it.");
        }
        jdbc.sql("""
                        update recovery_point set note = :note, protected = :protected, version = version + 1
                        where tenant_id = :tenant and id = :id
                        """)
                .param("note", note)
                .param("protected", isProtected)
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
        changed(
                tenant,
                entry("recovery-point.changed", point)
                        .before(Map.of("note", point.note(), "protected", point.isProtected()))
                        .after(Map.of("note", note, "protected", isProtected)));
    }

    @Override
    public void remove(TenantId tenant, PointId id, @Nullable Long expectedVersion) {
        RecoveryPoint point = lock(tenant, id, expectedVersion);
        if (point.isProtected()) {
            throw new ConflictException(
                    "backup.protected", "This recovery point is protected. Turn the protection off first.");
        }
        if (point.isRemoved()) {
            return;
        }
        jdbc.sql("""
                        update recovery_point set removed_at = :now, removed_by = :by, version = version + 1
                        where tenant_id = :tenant and id = :id
                        """)
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .param("by", actors.current().name())
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
        changed(tenant, entry("recovery-point.removed", point));
    }

    @Override
    public void bringBack(TenantId tenant, PointId id, @Nullable Long expectedVersion) {
        RecoveryPoint point = lock(tenant, id, expectedVersion);
        if (!point.isRemoved()) {
            return;
        }
        jdbc.sql("""
                        update recovery_point set removed_at = null, removed_by = null, version = version + 1
                        where tenant_id = :tenant and id = :id
                        """).param("tenant", tenant.value()).param("id", id.value()).update();
        changed(tenant, entry("recovery-point.brought-back", point));
    }

    /** One whose data may be gone (purged) is not found: it can neither be removed again nor brought back. */
    private RecoveryPoint lock(TenantId tenant, PointId id, @Nullable Long expectedVersion) {
        jdbc.sql("select from recovery_point where tenant_id = :tenant and id = :id for update")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query((row, number) -> number)
                .list();
        RecoveryPoint point = reader.point(tenant, id);
        StaleVersionException.check("recovery point", expectedVersion, point.version());
        return point;
    }

    private static AuditEntry entry(String action, RecoveryPoint point) {
        return AuditEntry.of(action, "recovery-point", point.id().value(), point.vmName() + " " + point.takenAt());
    }

    private void changed(TenantId tenant, AuditEntry entry) {
        live.publish(tenant, LiveTopic.BACKUPS);
        audit.record(tenant, entry);
    }
}
