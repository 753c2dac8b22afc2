package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.api.observed.ObservedVm;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.HostPrincipal;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOperations;
import cloud.freehold.portal.operation.OperationKind;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Ends operations that wish for a state once the host reports that state, and forgets VMs that are gone. */
@Component
class ReportedOperations {

    /** These pass by themselves: the host goes on trying. */
    private static final Set<ProblemCode> PASSING =
            Set.of(ProblemCode.DATAPLANE_UNAVAILABLE, ProblemCode.HYPERVISOR_UNAVAILABLE);

    private static final String[] FOLLOWING = Arrays.stream(OperationKind.values())
            .filter(OperationKind::followsState)
            .map(Enum::name)
            .toArray(String[]::new);

    private record Open(UUID id, OperationKind kind, UUID vmId, boolean runningWanted, long revision) {}

    private final JdbcClient system;
    private final HostOperations operations;
    private final AuditTrail audit;
    private final LiveEvents live;
    private final Clock clock;

    ReportedOperations(
            @SystemAccess JdbcClient system,
            HostOperations operations,
            AuditTrail audit,
            LiveEvents live,
            Clock clock) {
        this.system = system;
        this.operations = operations;
        this.audit = audit;
        this.live = live;
        this.clock = clock;
    }

    void observe(HostPrincipal host, HostReport report) {
        adopt(host.id());
        Map<UUID, ObservedVm> observed = Objects.requireNonNullElse(report.vms(), List.<ObservedVm>of()).stream()
                .filter(vm -> vm.id() != null && vm.state() != null)
                .collect(Collectors.toMap(ObservedVm::id, vm -> vm, (one, other) -> other));
        for (Open operation : open(host.id())) {
            ObservedVm vm = observed.get(operation.vmId());
            if (vm != null) {
                CommandProgress progress = judge(operation, vm);
                if (progress != null) {
                    operations.observed(host.id(), operation.id(), progress);
                }
            }
        }
        forgetDeleted(host, report, observed);
    }

    /** What was asked for before the VM had a host is this host's business from now on. */
    private void adopt(UUID hostId) {
        system.sql("""
                        update operation p set host_id = :host from vm v
                        where p.host_id is null and p.state in ('QUEUED', 'RUNNING')
                          and v.id = p.target_id and v.host_id = :host
                        """).param("host", hostId).update();
    }

    private List<Open> open(UUID hostId) {
        return system.sql("""
                        select p.id, p.kind, p.target_id, v.power, coalesce(o.revision, 0) as revision
                        from operation p
                        join vm v on v.id = p.target_id and v.host_id = :host
                        left join host_object o on o.host_id = :host and o.kind = 'VM' and o.object_id = v.id
                        where p.state in ('QUEUED', 'RUNNING') and p.kind = any(:kinds) order by p.id
                        """)
                .param("host", hostId)
                .param("kinds", FOLLOWING)
                .query((row, number) -> new Open(
                        row.getObject("id", UUID.class),
                        OperationKind.valueOf(row.getString("kind")),
                        row.getObject("target_id", UUID.class),
                        "RUNNING".equals(row.getString("power")),
                        row.getLong("revision")))
                .list();
    }

    /** @return null when the report does not yet speak of what the operation asked for */
    private @Nullable CommandProgress judge(Open operation, ObservedVm vm) {
        if (vm.appliedRevision() < operation.revision()) {
            return null;
        }
        if (reached(operation, vm.state())) {
            return new CommandProgress(Status.DONE, 100, "", null, clock.instant());
        }
        Problem problem = vm.problem();
        if (problem != null && !PASSING.contains(problem.code()) && operation.kind() != OperationKind.VM_DELETE) {
            return new CommandProgress(Status.FAILED, 0, "", problem, clock.instant());
        }
        String step = problem != null ? problem.message() : vm.state().name().toLowerCase(Locale.ROOT);
        return new CommandProgress(Status.RUNNING, percent(vm.state()), step, null, clock.instant());
    }

    private static boolean reached(Open operation, ObservedVm.State state) {
        boolean stopped = state == ObservedVm.State.STOPPED || state == ObservedVm.State.CRASHED;
        return switch (operation.kind()) {
            case VM_START -> state == ObservedVm.State.RUNNING;
            case VM_CREATE ->
                operation.runningWanted() ? state == ObservedVm.State.RUNNING : state == ObservedVm.State.STOPPED;
            case VM_STOP, VM_FORCE_OFF -> stopped;
            case VM_REBOOT,
                    VM_DELETE,
                    BACKUP,
                    RESTORE,
                    SNAPSHOT_TAKE,
                    SNAPSHOT_ROLL_BACK,
                    SNAPSHOT_DELETE,
                    VOLUME_MIRROR,
                    POINTS_VERIFY,
                    GARBAGE_COLLECT,
                    DRILL,
                    FILES_LIST,
                    FILE_FETCH -> false;
        };
    }

    private static int percent(ObservedVm.State state) {
        return switch (state) {
            case CREATING -> 20;
            case STARTING -> 70;
            case STOPPING, DELETING -> 50;
            case RUNNING, STOPPED, PAUSED, CRASHED, DELETED -> 10;
        };
    }

    private record Gone(UUID id, TenantId tenant, String name) {}

    /** A VM is gone when the host says so, or no longer has it although it has taken in that it should go. */
    private void forgetDeleted(HostPrincipal host, HostReport report, Map<UUID, ObservedVm> observed) {
        List<Gone> deleting = system
                .sql("""
                        select v.id, v.tenant_id, v.name, o.revision <= :applied and h.epoch = :epoch as taken_in
                        from vm v join host h on h.id = v.host_id
                        left join host_object o on o.host_id = v.host_id and o.kind = 'VM' and o.object_id = v.id
                        where v.host_id = :host and v.deleting_since is not null order by v.id
                        """)
                .param("applied", report.appliedRevision())
                .param("epoch", report.appliedEpoch(), java.sql.Types.OTHER)
                .param("host", host.id())
                .query((row, number) -> {
                    UUID id = row.getObject("id", UUID.class);
                    ObservedVm vm = observed.get(id);
                    boolean gone = vm != null
                            ? vm.state() == ObservedVm.State.DELETED
                            : report.complete() && row.getBoolean("taken_in");
                    Gone candidate =
                            new Gone(id, new TenantId(row.getObject("tenant_id", UUID.class)), row.getString("name"));
                    return gone ? Optional.of(candidate) : Optional.<Gone>empty();
                })
                .list()
                .stream()
                .flatMap(Optional::stream)
                .toList();
        for (Gone vm : deleting) {
            system.sql(
                            "select id from operation where target_id = :vm and kind = 'VM_DELETE' and state in ('QUEUED', 'RUNNING')")
                    .param("vm", vm.id())
                    .query(UUID.class)
                    .list()
                    .forEach(id -> operations.observed(
                            host.id(), id, new CommandProgress(Status.DONE, 100, "", null, clock.instant())));
            system.sql("delete from vm where id = :vm and host_id = :host")
                    .param("vm", vm.id())
                    .param("host", host.id())
                    .update();
            audit.recordAsSystem(
                    vm.tenant(),
                    Actor.host(host.id(), host.name(), null),
                    AuditEntry.of("vm.deleted", "vm", vm.id(), vm.name()));
            live.publishAsSystem(vm.tenant(), LiveTopic.VMS, LiveTopic.NICS);
        }
    }
}
