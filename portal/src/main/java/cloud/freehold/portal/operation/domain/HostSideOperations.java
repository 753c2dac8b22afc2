package cloud.freehold.portal.operation.domain;

import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOperations;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.OperationState;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The table of operations, as hosts see and move it: only the rows of the host that asks. */
@Component
class HostSideOperations implements HostOperations {

    private final JdbcClient system;
    private final Clock clock;
    private final LiveEvents live;

    HostSideOperations(@SystemAccess JdbcClient system, Clock clock, LiveEvents live) {
        this.system = system;
        this.clock = clock;
        this.live = live;
    }

    @Override
    public List<HostCommand> commands(UUID hostId) {
        return system.sql("""
                        select id, kind, target_id, deadline, coalesce((arguments ->> 'force')::boolean, false) as force
                        from operation
                        where host_id = :host and state in ('QUEUED', 'RUNNING') and deadline > :now
                          and kind in ('VM_REBOOT', 'VM_FORCE_OFF')
                        order by id
                        """)
                .param("host", hostId)
                .param("now", now())
                .query((row, number) -> {
                    UUID id = row.getObject("id", UUID.class);
                    UUID vm = row.getObject("target_id", UUID.class);
                    Instant deadline =
                            row.getObject("deadline", OffsetDateTime.class).toInstant();
                    return OperationKind.valueOf(row.getString("kind")) == OperationKind.VM_REBOOT
                            ? (HostCommand) new HostCommand.RebootVm(id, deadline, vm, row.getBoolean("force"))
                            : new HostCommand.ForceOffVm(id, deadline, vm);
                })
                .list();
    }

    @Override
    public boolean hasUntaken(UUID hostId) {
        return system.sql("""
                        select exists (select from operation where host_id = :host and state = 'QUEUED'
                            and deadline > :now and kind in ('VM_REBOOT', 'VM_FORCE_OFF'))
                        """)
                .param("host", hostId)
                .param("now", now())
                .query(Boolean.class)
                .single();
    }

    private record Row(TenantId tenant, OperationState state) {}

    @Override
    public Answer progressed(UUID hostId, UUID operationId, CommandProgress progress) {
        Optional<Row> row = system.sql(
                        "select tenant_id, state from operation where id = :id and host_id = :host for update")
                .param("id", operationId)
                .param("host", hostId)
                .query((found, number) -> new Row(
                        new TenantId(found.getObject("tenant_id", UUID.class)),
                        OperationState.valueOf(found.getString("state"))))
                .optional();
        if (row.isEmpty()) {
            return Answer.UNKNOWN;
        }
        OperationState state = row.get().state();
        if (state == OperationState.CANCELLED || state == OperationState.FAILED) {
            return Answer.GONE;
        }
        if (state.isOpen()) {
            move(row.get().tenant(), operationId, progress);
        }
        return Answer.TAKEN;
    }

    @Override
    public void observed(UUID hostId, UUID operationId, CommandProgress progress) {
        progressed(hostId, operationId, progress);
    }

    private void move(TenantId tenant, UUID id, CommandProgress progress) {
        CommandProgress.Status status = progress.status();
        Problem problem = progress.problem();
        boolean failed = status == CommandProgress.Status.FAILED;
        int changed = system.sql("""
                        update operation set state = :state, percent = greatest(percent, :percent), step = :step,
                               error_code = :code, error_message = :message, heartbeat_at = :now,
                               started_at = coalesce(started_at, :now),
                               finished_at = case when :ended then :now::timestamptz end
                        where id = :id and state in ('QUEUED', 'RUNNING')
                          and (state, percent, step) is distinct from (:state, greatest(percent, :percent), :step)
                        """)
                .param("state", status.name())
                .param(
                        "percent",
                        status == CommandProgress.Status.DONE ? 100 : Math.max(0, Math.min(100, progress.percent())))
                .param("step", progress.step() == null ? "" : limited(progress.step(), 200))
                .param("code", failed ? code(problem) : null, java.sql.Types.VARCHAR)
                .param("message", failed ? message(problem) : null, java.sql.Types.VARCHAR)
                .param("now", now())
                .param("ended", status != CommandProgress.Status.RUNNING)
                .param("id", id)
                .update();
        if (changed > 0) {
            live.publishAsSystem(tenant, LiveTopic.OPERATIONS, LiveTopic.VMS);
        }
    }

    private static String code(@org.jspecify.annotations.Nullable Problem problem) {
        ProblemCode code = problem == null || problem.code() == null ? ProblemCode.INTERNAL : problem.code();
        return "host." + code.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String message(@org.jspecify.annotations.Nullable Problem problem) {
        return problem == null || problem.message() == null
                ? "The host could not do it and gave no reason. Try again; if it fails again, ask the provider."
                : limited(problem.message(), 500);
    }

    private static String limited(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length);
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
