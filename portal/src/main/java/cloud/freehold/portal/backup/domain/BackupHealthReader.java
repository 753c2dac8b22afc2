package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.BackupHealth;
import cloud.freehold.portal.backup.Levels;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.Timeline;
import cloud.freehold.portal.backup.Timeline.Mark;
import cloud.freehold.portal.backup.VmHealth;
import cloud.freehold.portal.backup.VmHealth.State;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.OperationId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

@Component
@Transactional(readOnly = true)
class BackupHealthReader implements BackupHealth {

    private static final String VMS = """
            with vms as (
                select v.id, v.name, true as alive, v.created_at from vm v where v.tenant_id = :tenant and v.deleting_since is null
                union all
                (select distinct on (p.vm_id) p.vm_id, p.vm_name, false, p.taken_at from recovery_point p
                 where p.tenant_id = :tenant and p.removed_at is null
                   and not exists (select from vm v where v.tenant_id = :tenant and v.id = p.vm_id and v.deleting_since is null)
                 order by p.vm_id, p.taken_at desc))
            select v.*, l.taken_at as latest, l.achieved,
                   (select count(*) from recovery_point p where p.tenant_id = :tenant and p.vm_id = v.id
                       and p.removed_at is null) as points,
                   o.id as open_id, f.id as failed_id, f.finished_at as failed_at, f.error_message
            from vms v
            left join lateral (
                select taken_at, achieved from recovery_point p where p.tenant_id = :tenant and p.vm_id = v.id
                    and p.removed_at is null order by taken_at desc limit 1) l on true
            left join lateral (
                select id from operation o where o.tenant_id = :tenant and o.target_id = v.id and o.kind = 'BACKUP'
                    and o.state in ('WAITING', 'QUEUED', 'RUNNING') order by id desc limit 1) o on true
            left join lateral (
                select id, state, finished_at, error_message from operation o where o.tenant_id = :tenant
                    and o.target_id = v.id and o.kind = 'BACKUP' and o.state in ('DONE', 'FAILED')
                    order by id desc limit 1) f on f.state = 'FAILED'
            where :all or v.id = :vm
            """;

    private final JdbcClient jdbc;
    private final PolicyRows policies;
    private final CoveredVms covered;
    private final Clock clock;

    BackupHealthReader(JdbcClient jdbc, PolicyRows policies, CoveredVms covered, Clock clock) {
        this.jdbc = jdbc;
        this.policies = policies;
        this.covered = covered;
        this.clock = clock;
    }

    @Override
    public List<VmHealth> all(TenantId tenant) {
        return read(tenant, null);
    }

    @Override
    public VmHealth of(TenantId tenant, VmId vm) {
        return read(tenant, vm).stream()
                .findFirst()
                .orElseThrow(() -> new NotFoundException("There is no such VM. Go to VMs and pick one from the list."));
    }

    private List<VmHealth> read(TenantId tenant, @Nullable VmId vm) {
        Instant now = clock.instant();
        Map<VmId, List<PolicyRows.Row>> byVm = policiesByVm(tenant);
        return jdbc
                .sql(VMS)
                .param("tenant", tenant.value())
                .param("all", vm == null)
                .param("vm", vm == null ? null : vm.value(), java.sql.Types.OTHER)
                .query((row, number) -> health(row, byVm, now))
                .list()
                .stream()
                .sorted(Comparator.comparing(VmHealth::state)
                        .thenComparing(VmHealth::name)
                        .thenComparing(health -> health.vm().value()))
                .toList();
    }

    private Map<VmId, List<PolicyRows.Row>> policiesByVm(TenantId tenant) {
        Map<UUID, PolicyRows.Row> rows = new HashMap<>();
        policies.list(tenant).forEach(row -> rows.put(row.id().value(), row));
        Map<VmId, List<PolicyRows.Row>> byVm = new HashMap<>();
        covered.of(tenant, null)
                .forEach(each -> byVm.computeIfAbsent(each.vm(), id -> new ArrayList<>())
                        .add(Objects.requireNonNull(rows.get(each.policy().value()))));
        return byVm;
    }

    private static VmHealth health(ResultSet row, Map<VmId, List<PolicyRows.Row>> byVm, Instant now)
            throws SQLException {
        VmId vm = new VmId(row.getObject("id", UUID.class));
        boolean exists = row.getBoolean("alive");
        List<PolicyRows.Row> policies = exists ? byVm.getOrDefault(vm, List.of()) : List.of();
        List<PolicyRows.Row> active =
                policies.stream().filter(each -> each.settings().enabled()).toList();
        Instant latest = instant(row, "latest");
        String achieved = row.getString("achieved");
        Duration objective = active.stream()
                .map(each -> each.settings().objective())
                .filter(Objects::nonNull)
                .min(Comparator.naturalOrder())
                .orElse(null);
        UUID open = row.getObject("open_id", UUID.class);
        UUID failed = row.getObject("failed_id", UUID.class);
        Instant since = latest == null ? Objects.requireNonNull(instant(row, "created_at")) : latest;
        return new VmHealth(
                vm,
                row.getString("name"),
                exists,
                latest,
                achieved == null ? null : Consistency.valueOf(achieved),
                row.getInt("points"),
                objective,
                state(exists, latest, objective, since, active.isEmpty(), now),
                policies.stream().map(each -> each.settings().name()).toList(),
                active.stream()
                        .flatMap(each -> each.settings().schedule().next(now, each.zone(), 1).stream())
                        .min(Comparator.naturalOrder())
                        .orElse(null),
                open == null ? null : new OperationId(open),
                failed == null
                        ? null
                        : new VmHealth.Failure(
                                new OperationId(failed),
                                Objects.requireNonNull(instant(row, "failed_at")),
                                Objects.requireNonNullElse(row.getString("error_message"), "")));
    }

    private static State state(
            boolean exists,
            @Nullable Instant latest,
            @Nullable Duration objective,
            Instant since,
            boolean unwatched,
            Instant now) {
        if (!exists) {
            return State.GONE;
        }
        if (objective != null && since.plus(objective).isBefore(now)) {
            return State.LATE;
        }
        if (latest == null && unwatched) {
            return State.NONE;
        }
        if (latest == null) {
            return State.WAITING;
        }
        return unwatched ? State.UNWATCHED : State.IN_TIME;
    }

    @Override
    public Timeline timeline(TenantId tenant, @Nullable VmId vm, Instant from, Instant until) {
        Map<VmId, List<Mark>> marks = new HashMap<>();
        points(tenant, vm, from, until, marks);
        failures(tenant, vm, from, until, marks);
        List<Timeline.Row> rows = read(tenant, vm).stream()
                .map(health -> new Timeline.Row(
                        health.vm(),
                        health.name(),
                        health.exists(),
                        marks.getOrDefault(health.vm(), List.of()).stream()
                                .sorted(Comparator.comparing(Mark::at))
                                .toList(),
                        health.nextRun() != null && health.nextRun().isBefore(until) ? health.nextRun() : null))
                .toList();
        return new Timeline(from, until, rows);
    }

    private void points(TenantId tenant, @Nullable VmId vm, Instant from, Instant until, Map<VmId, List<Mark>> marks) {
        bind(jdbc.sql("""
                                select id, vm_id, operation_id, taken_at, achieved, origin, protected,
                                       coalesce(damages, '[]') <> '[]' as damaged
                                from recovery_point where tenant_id = :tenant and removed_at is null
                                  and (:all or vm_id = :vm) and taken_at between :from and :until
                                order by taken_at desc limit 5000
                                """), tenant, vm, from, until).query(row -> {
            Consistency level = Consistency.valueOf(row.getString("achieved"));
            marks.computeIfAbsent(new VmId(row.getObject("vm_id", UUID.class)), id -> new ArrayList<>())
                    .add(new Mark(
                            Objects.requireNonNull(instant(row, "taken_at")),
                            new PointId(row.getObject("id", UUID.class)),
                            new OperationId(row.getObject("operation_id", UUID.class)),
                            level,
                            row.getBoolean("protected"),
                            row.getBoolean("damaged"),
                            Levels.name(level)));
        });
    }

    private void failures(
            TenantId tenant, @Nullable VmId vm, Instant from, Instant until, Map<VmId, List<Mark>> marks) {
        bind(jdbc.sql("""
                                select id, target_id, finished_at, error_message from operation
                                where tenant_id = :tenant and kind = 'BACKUP' and state = 'FAILED'
                                  and (:all or target_id = :vm) and finished_at between :from and :until
                                order by finished_at desc limit 1000
                                """), tenant, vm, from, until).query(row -> {
            marks.computeIfAbsent(new VmId(row.getObject("target_id", UUID.class)), id -> new ArrayList<>())
                    .add(new Mark(
                            Objects.requireNonNull(instant(row, "finished_at")),
                            null,
                            new OperationId(row.getObject("id", UUID.class)),
                            null,
                            false,
                            false,
                            Objects.requireNonNullElse(row.getString("error_message"), "failed")));
        });
    }

    private static JdbcClient.StatementSpec bind(
            JdbcClient.StatementSpec sql, TenantId tenant, @Nullable VmId vm, Instant from, Instant until) {
        return sql.param("tenant", tenant.value())
                .param("all", vm == null)
                .param("vm", vm == null ? null : vm.value(), java.sql.Types.OTHER)
                .param("from", from.atOffset(ZoneOffset.UTC))
                .param("until", until.atOffset(ZoneOffset.UTC));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
