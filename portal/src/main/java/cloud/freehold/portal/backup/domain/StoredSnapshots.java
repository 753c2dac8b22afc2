package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.backup.Snapshot;
import cloud.freehold.portal.backup.SnapshotId;
import cloud.freehold.portal.backup.Snapshots;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmState;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.NewOperation;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** A snapshot comes and goes with its host's word; here it is asked for. */
@Component
@Transactional
class StoredSnapshots implements Snapshots {

    private static final int MOST_AT_ONCE = 16;
    private static final int LONGEST_NAME = 63;

    private static final String SELECT = """
            select s.*, coalesce(h.snapshot_id = s.id, false) as is_head,
                   array(select v.name from snapshot o join vm v on v.id = o.vm_id
                         where o.tenant_id = s.tenant_id and o.operation_id = s.operation_id and o.id <> s.id
                         order by v.name) as together
            from snapshot s left join snapshot_head h on h.vm_id = s.vm_id
            where s.tenant_id = :tenant
            """;

    private final JdbcClient jdbc;
    private final Vms vms;
    private final Operations operations;
    private final AuditTrail audit;
    private final LiveEvents live;
    private final JsonMapper json;
    private final Uuid7 ids;
    private final int mostPerVm;

    StoredSnapshots(
            JdbcClient jdbc,
            Vms vms,
            Operations operations,
            AuditTrail audit,
            LiveEvents live,
            JsonMapper json,
            Uuid7 ids,
            @Value("${freehold.backup.snapshots-per-vm:16}") int mostPerVm) {
        this.jdbc = jdbc;
        this.vms = vms;
        this.operations = operations;
        this.audit = audit;
        this.live = live;
        this.json = json;
        this.ids = ids;
        this.mostPerVm = mostPerVm;
    }

    @Override
    public int mostPerVm() {
        return mostPerVm;
    }

    @Override
    @Transactional(readOnly = true)
    public List<Snapshot> of(TenantId tenant, VmId vm) {
        List<Snapshot> all = jdbc.sql(SELECT + " and s.vm_id = :vm order by s.taken_at, s.id")
                .param("tenant", tenant.value())
                .param("vm", vm.value())
                .query((row, number) -> read(row))
                .list();
        List<Snapshot> tree = new ArrayList<>();
        Set<SnapshotId> known = all.stream().map(Snapshot::id).collect(Collectors.toSet());
        all.stream()
                .filter(each -> each.parent() == null || !known.contains(each.parent()))
                .forEach(root -> grow(root, 0, all, tree));
        return tree;
    }

    private static void grow(Snapshot from, int depth, List<Snapshot> all, List<Snapshot> tree) {
        tree.add(new Snapshot(
                from.id(),
                from.vm(),
                from.name(),
                from.description(),
                from.parent(),
                depth,
                from.isHead(),
                from.moment(),
                from.together(),
                from.takenAt(),
                from.achieved(),
                from.certificate(),
                from.memoryBytes(),
                from.hint()));
        all.stream()
                .filter(each -> from.id().equals(each.parent()))
                .forEach(child -> grow(child, depth + 1, all, tree));
    }

    private Snapshot read(ResultSet row) throws SQLException {
        UUID parent = row.getObject("parent_id", UUID.class);
        return new Snapshot(
                new SnapshotId(row.getObject("id", UUID.class)),
                new VmId(row.getObject("vm_id", UUID.class)),
                row.getString("name"),
                row.getString("description"),
                parent == null ? null : new SnapshotId(parent),
                0,
                row.getBoolean("is_head"),
                row.getObject("operation_id", UUID.class),
                Arrays.asList((String[]) row.getArray("together").getArray()),
                row.getObject("taken_at", OffsetDateTime.class).toInstant(),
                Consistency.valueOf(row.getString("achieved")),
                json.readValue(row.getString("certificate"), Certificate.class),
                row.getLong("memory_bytes"),
                row.getString("hint"));
    }

    private Snapshot get(TenantId tenant, SnapshotId id) {
        return jdbc.sql(SELECT + " and s.id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query((row, number) -> read(row))
                .optional()
                .orElseThrow(() -> new NotFoundException(
                        "There is no such snapshot. Go to the VM, tab Backups, and pick one from the list."));
    }

    @Override
    public Operation take(TenantId tenant, NewSnapshot wanted, @Nullable String key) {
        List<VmId> targets = wanted.vms().stream().distinct().toList();
        if (targets.isEmpty() || targets.size() > MOST_AT_ONCE) {
            throw InvalidInputException.field("snapshot.vms", "vms", "Choose between 1 and " + MOST_AT_ONCE + " VMs.");
        }
        if (key != null) {
            var earlier = operations.earlier(
                    tenant, key, OperationKind.SNAPSHOT_TAKE, targets.get(0).value());
            if (earlier.isPresent()) {
                return earlier.get();
            }
        }
        String name = checkName(wanted);
        List<VmView> machines = targets.stream().map(id -> vms.get(tenant, id)).toList();
        UUID host = oneHost(machines);
        if (wanted.withMemory()) {
            checkMemory(machines);
        }
        machines.forEach(vm -> checkRoom(tenant, vm, name));
        SnapshotArguments arguments = new SnapshotArguments(
                targets.stream()
                        .map(vm -> new SnapshotArguments.Target(vm.value(), ids.next()))
                        .toList(),
                name,
                wanted.description(),
                wanted.withMemory(),
                wanted.wanted(),
                wanted.acceptable(),
                null);
        String called = machines.stream().map(VmView::name).collect(Collectors.joining(", "));
        Operation started = operations.start(
                tenant,
                NewOperation.of(
                                OperationKind.SNAPSHOT_TAKE,
                                "vm",
                                targets.get(0).value(),
                                called,
                                host)
                        .with(arguments)
                        .key(key));
        audit.record(
                tenant,
                AuditEntry.of("snapshot.requested", "vm", targets.get(0).value(), called)
                        .after(Map.of("name", name, "withMemory", wanted.withMemory())));
        return started;
    }

    private static String checkName(NewSnapshot wanted) {
        String name = wanted.name().strip();
        if (name.isEmpty() || name.length() > LONGEST_NAME || name.chars().anyMatch(Character::isISOControl)) {
            throw InvalidInputException.field(
                    "snapshot.name", "name", "Give the snapshot a name of up to " + LONGEST_NAME + " characters.");
        }
        if (wanted.acceptable().compareTo(wanted.wanted()) > 0) {
            throw InvalidInputException.field(
                    "snapshot.acceptable", "acceptable", "What is acceptable cannot be stronger than what is wanted.");
        }
        Notes.check(wanted.description());
        return name;
    }

    private static UUID oneHost(List<VmView> machines) {
        UUID host = null;
        for (VmView vm : machines) {
            if (vm.isDeleting() || vm.hostId() == null) {
                throw new ConflictException(
                        "snapshot.no-host",
                        vm.name() + (vm.isDeleting() ? " is being deleted." : " has no host yet. Wait until it runs."));
            }
            if (host != null && !host.equals(vm.hostId())) {
                throw InvalidInputException.field(
                        "snapshot.several-hosts",
                        "vms",
                        "These VMs are on several hosts and cannot share one moment: "
                                + machines.get(0).name() + " and " + vm.name() + ".");
            }
            host = vm.hostId();
        }
        return Objects.requireNonNull(host);
    }

    private static void checkMemory(List<VmView> machines) {
        if (machines.size() > 1 || machines.get(0).state() != VmState.RUNNING) {
            throw InvalidInputException.field(
                    "snapshot.memory",
                    "withMemory",
                    machines.size() > 1
                            ? "The memory is kept of one VM at a time. Leave it out, or choose one VM."
                            : machines.get(0).name() + " does not run, so it has no memory to keep.");
        }
    }

    /** Those that are being taken count as well. */
    private void checkRoom(TenantId tenant, VmView vm, String name) {
        List<String> names =
                new ArrayList<>(jdbc.sql("select name from snapshot where tenant_id = :tenant and vm_id = :vm")
                        .param("tenant", tenant.value())
                        .param("vm", vm.id().value())
                        .query(String.class)
                        .list());
        names.addAll(jdbc.sql("""
                        select o.arguments ->> 'name' from operation o
                        where o.tenant_id = :tenant and o.kind = 'SNAPSHOT_TAKE' and o.state in ('WAITING', 'QUEUED', 'RUNNING')
                          and o.arguments -> 'targets' @> jsonb_build_array(jsonb_build_object('vmId', :vm::text))
                        """)
                .param("tenant", tenant.value())
                .param("vm", vm.id().toString())
                .query(String.class)
                .list());
        if (new HashSet<>(names).contains(name)) {
            throw InvalidInputException.field(
                    "snapshot.name-taken", "name", vm.name() + " has a snapshot of this name. Choose another name.");
        }
        if (names.size() >= mostPerVm) {
            throw new CapacityException(
                    "snapshot.too-many",
                    vm.name() + " has " + names.size() + " snapshots and may have " + mostPerVm
                            + ". Delete one that is no longer needed.");
        }
    }

    @Override
    public Operation rollBack(TenantId tenant, SnapshotId id, @Nullable String confirmedName, @Nullable String key) {
        Snapshot snapshot = get(tenant, id);
        VmView vm = vms.get(tenant, snapshot.vm());
        if (key != null) {
            var earlier = operations.earlier(
                    tenant, key, OperationKind.SNAPSHOT_ROLL_BACK, vm.id().value());
            if (earlier.isPresent()) {
                return earlier.get();
            }
        }
        if (confirmedName != null && !confirmedName.strip().equals(vm.name())) {
            throw InvalidInputException.field(
                    "snapshot.confirm-name",
                    "confirm",
                    "Type the name of the VM, " + vm.name() + ", to put its disks back.");
        }
        return start(tenant, OperationKind.SNAPSHOT_ROLL_BACK, snapshot, vm, "snapshot.roll-back-requested", key);
    }

    @Override
    public Operation delete(TenantId tenant, SnapshotId id, @Nullable String key) {
        Snapshot snapshot = get(tenant, id);
        VmView vm = vms.get(tenant, snapshot.vm());
        if (key != null) {
            var earlier = operations.earlier(
                    tenant, key, OperationKind.SNAPSHOT_DELETE, vm.id().value());
            if (earlier.isPresent()) {
                return earlier.get();
            }
        }
        return start(tenant, OperationKind.SNAPSHOT_DELETE, snapshot, vm, "snapshot.delete-requested", key);
    }

    private Operation start(
            TenantId tenant, OperationKind kind, Snapshot snapshot, VmView vm, String action, @Nullable String key) {
        Operation started = operations.start(
                tenant,
                NewOperation.of(kind, "vm", vm.id().value(), vm.name(), vm.hostId())
                        .with(SnapshotArguments.of(snapshot.id().value()))
                        .key(key));
        audit.record(
                tenant,
                AuditEntry.of(action, "vm", vm.id().value(), vm.name()).after(Map.of("snapshot", snapshot.name())));
        return started;
    }

    @Override
    public void describe(TenantId tenant, SnapshotId id, String description) {
        Notes.check(description);
        get(tenant, id);
        jdbc.sql("update snapshot set description = :description where tenant_id = :tenant and id = :id")
                .param("description", description)
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
        live.publish(tenant, LiveTopic.BACKUPS);
    }
}
