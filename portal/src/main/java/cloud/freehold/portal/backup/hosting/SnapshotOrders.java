package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.CommandResult.SnapshotsTaken;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.backup.NewBackup;
import cloud.freehold.portal.backup.domain.SnapshotArguments;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationKind;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Takes snapshots, goes back to them, deletes them; keeps the tree. */
@Component
class SnapshotOrders implements HostOrders {

    private static final int LONGEST_HINT = 500;

    private final JdbcClient system;
    private final AuditTrail audit;
    private final LiveEvents live;
    private final JsonMapper json;

    SnapshotOrders(@SystemAccess JdbcClient system, AuditTrail audit, LiveEvents live, JsonMapper json) {
        this.system = system;
        this.audit = audit;
        this.live = live;
        this.json = json;
    }

    @Override
    public Set<OperationKind> kinds() {
        return EnumSet.of(OperationKind.SNAPSHOT_TAKE, OperationKind.SNAPSHOT_ROLL_BACK, OperationKind.SNAPSHOT_DELETE);
    }

    @Override
    public Optional<HostCommand> command(HostOrder order) {
        SnapshotArguments wanted = arguments(order);
        UUID id = order.id().value();
        if (order.kind() == OperationKind.SNAPSHOT_TAKE) {
            return Optional.of(new HostCommand.TakeSnapshots(
                    id,
                    order.deadline(),
                    wanted.targets().stream()
                            .map(each -> new HostCommand.TakeSnapshots.Target(each.vmId(), each.snapshotId()))
                            .toList(),
                    wanted.withMemory(),
                    wanted.wanted(),
                    wanted.acceptable(),
                    NewBackup.USUAL_FREEZE_LIMIT));
        }
        UUID snapshot = Objects.requireNonNull(wanted.snapshotId());
        return Optional.of(
                order.kind() == OperationKind.SNAPSHOT_ROLL_BACK
                        ? new HostCommand.RollBack(id, order.deadline(), order.targetId(), snapshot)
                        : new HostCommand.DeleteSnapshot(id, order.deadline(), order.targetId(), snapshot));
    }

    @Override
    public void completed(HostOrder order, @Nullable CommandResult result) throws UnusableResultException {
        SnapshotArguments wanted = arguments(order);
        switch (order.kind()) {
            case SNAPSHOT_TAKE -> taken(order, wanted, result);
            case SNAPSHOT_ROLL_BACK -> {
                UUID snapshot = Objects.requireNonNull(wanted.snapshotId());
                head(order, order.targetId(), snapshot);
                record(order, "snapshot.rolled-back");
            }
            case SNAPSHOT_DELETE -> {
                forget(order, Objects.requireNonNull(wanted.snapshotId()));
                record(order, "snapshot.deleted");
            }
            default -> throw new IllegalStateException(order.kind() + " is no snapshot's");
        }
        live.publishAsSystem(order.tenant(), LiveTopic.BACKUPS, LiveTopic.VMS);
    }

    private void taken(HostOrder order, SnapshotArguments wanted, @Nullable CommandResult result)
            throws UnusableResultException {
        if (!(result instanceof SnapshotsTaken taken) || taken.snapshots() == null) {
            throw new UnusableResultException("it did not say which snapshots there are.");
        }
        Map<UUID, UUID> vms = wanted.targets().stream()
                .collect(Collectors.toMap(SnapshotArguments.Target::snapshotId, SnapshotArguments.Target::vmId));
        boolean complete = taken.snapshots().size() == vms.size()
                && taken.snapshots().stream()
                        .allMatch(each -> each != null
                                && each.snapshotId() != null
                                && vms.containsKey(each.snapshotId())
                                && each.certificate() != null
                                && each.certificate().achieved() != null
                                && each.certificate().at() != null
                                && each.certificate().achieved().compareTo(wanted.acceptable()) >= 0)
                && taken.snapshots().stream()
                                .map(SnapshotsTaken.Taken::snapshotId)
                                .distinct()
                                .count()
                        == vms.size();
        if (!complete) {
            throw new UnusableResultException("the snapshots are not those that were asked for.");
        }
        for (SnapshotsTaken.Taken each : taken.snapshots()) {
            insert(order, wanted, each, Objects.requireNonNull(vms.get(each.snapshotId())));
        }
        record(order, "snapshot.taken");
    }

    private void insert(HostOrder order, SnapshotArguments wanted, SnapshotsTaken.Taken taken, UUID vm) {
        String hint = taken.note();
        int stored = system.sql("""
                        insert into snapshot (id, tenant_id, vm_id, name, description, parent_id, operation_id, achieved,
                            certificate, memory_bytes, hint, taken_at)
                        select :id, :tenant, v.id, :name, :description,
                            (select snapshot_id from snapshot_head h where h.vm_id = v.id), :operation, :achieved,
                            :certificate::jsonb, :memory, :hint, :taken
                        from vm v where v.tenant_id = :tenant and v.id = :vm
                        """)
                .param("id", taken.snapshotId())
                .param("tenant", order.tenant().value())
                .param("vm", vm)
                .param("name", wanted.name())
                .param("description", wanted.description())
                .param("operation", order.id().value())
                .param("achieved", taken.certificate().achieved().name())
                .param("certificate", json.writeValueAsString(taken.certificate()))
                .param("memory", Math.max(0, taken.memoryBytes()))
                .param(
                        "hint",
                        hint == null || hint.length() <= LONGEST_HINT ? hint : hint.substring(0, LONGEST_HINT),
                        java.sql.Types.VARCHAR)
                .param("taken", taken.certificate().at().atOffset(ZoneOffset.UTC))
                .update();
        if (stored > 0) {
            head(order, vm, taken.snapshotId());
        }
    }

    private void head(HostOrder order, UUID vm, UUID snapshot) {
        system.sql("""
                        insert into snapshot_head (vm_id, tenant_id, snapshot_id)
                        select vm_id, tenant_id, id from snapshot where tenant_id = :tenant and vm_id = :vm and id = :snapshot
                        on conflict (vm_id) do update set snapshot_id = excluded.snapshot_id
                        """)
                .param("tenant", order.tenant().value())
                .param("vm", vm)
                .param("snapshot", snapshot)
                .update();
    }

    /** Those that build upon it now build upon what it built upon. */
    private void forget(HostOrder order, UUID snapshot) {
        for (String sql : new String[] {
            "update snapshot c set parent_id = s.parent_id from snapshot s"
                    + " where s.tenant_id = :tenant and s.id = :id and c.parent_id = s.id",
            "update snapshot_head h set snapshot_id = s.parent_id from snapshot s"
                    + " where s.tenant_id = :tenant and s.id = :id and h.snapshot_id = s.id",
            "delete from snapshot where tenant_id = :tenant and id = :id"
        }) {
            system.sql(sql)
                    .param("tenant", order.tenant().value())
                    .param("id", snapshot)
                    .update();
        }
    }

    private void record(HostOrder order, String action) {
        audit.recordAsSystem(
                order.tenant(), order.host(), AuditEntry.of(action, "vm", order.targetId(), order.targetName()));
    }

    private SnapshotArguments arguments(HostOrder order) {
        return json.readValue(order.arguments(), SnapshotArguments.class);
    }
}
