package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.PolicySettings;
import cloud.freehold.portal.backup.Retention;
import cloud.freehold.portal.backup.Schedule;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The table of policies, in the current transaction of the tenant. */
@Component
public class PolicyRows {

    private static final String SELECT = """
            select p.*, s.name as store_name, t.time_zone,
                   array(select label from backup_policy_label l where l.policy_id = p.id order by label) as labels
            from backup_policy p join backup_store s on s.id = p.store_id join tenant t on t.id = p.tenant_id
            where p.tenant_id = :tenant
            """;

    /** @param lastTick the scheduled moment that was served last, or when the schedule was set */
    public record Row(
            PolicyId id,
            PolicySettings settings,
            String storeName,
            ZoneId zone,
            Instant lastTick,
            Instant lastVerifyTick,
            Instant lastDrillTick,
            @Nullable Instant lastRun,
            long version) {}

    private final JdbcClient jdbc;
    private final Clock clock;

    PolicyRows(JdbcClient jdbc, Clock clock) {
        this.jdbc = jdbc;
        this.clock = clock;
    }

    List<Row> list(TenantId tenant) {
        return jdbc.sql(SELECT + " order by p.name")
                .param("tenant", tenant.value())
                .query((row, number) -> read(row))
                .list();
    }

    public Optional<Row> find(TenantId tenant, PolicyId id) {
        return jdbc.sql(SELECT + " and p.id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query((row, number) -> read(row))
                .optional();
    }

    Row get(TenantId tenant, PolicyId id) {
        return find(tenant, id)
                .orElseThrow(() -> new NotFoundException(
                        "There is no such policy. Go to Backups, Policies and pick one from the list."));
    }

    /** Until the transaction ends; who comes second sees what the first has done. */
    public Optional<Row> lock(TenantId tenant, PolicyId id) {
        jdbc.sql("select from backup_policy where tenant_id = :tenant and id = :id for update")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query((row, number) -> number)
                .list();
        return find(tenant, id);
    }

    boolean nameTaken(TenantId tenant, String name, @Nullable PolicyId but) {
        return jdbc.sql("""
                        select exists (select from backup_policy where tenant_id = :tenant and name = :name
                            and id is distinct from :but)
                        """)
                .param("tenant", tenant.value())
                .param("name", name)
                .param("but", but == null ? null : but.value(), java.sql.Types.OTHER)
                .query(Boolean.class)
                .single();
    }

    void insert(TenantId tenant, PolicyId id, PolicySettings settings) {
        bind(jdbc.sql("""
                                insert into backup_policy (id, tenant_id, name, enabled, store_id, all_vms, schedule, wanted,
                                    acceptable, freeze_limit_millis, keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly,
                                    keep_yearly, objective_seconds, verify_schedule, drill_schedule, drill_port, drill_path,
                                    recovery_objective_seconds, created_at, updated_at, last_tick, last_verify_tick,
                                    last_drill_tick)
                                values (:id, :tenant, :name, :enabled, :store, :allVms, :schedule, :wanted, :acceptable, :freeze,
                                    :last, :hourly, :daily, :weekly, :monthly, :yearly, :objective, :verify, :drill, :drillPort,
                                    :drillPath, :recovery, :now, :now, :now, :now, :now)
                                """), tenant, id, settings).update();
        labels(tenant, id, settings.labels());
    }

    /** A schedule that changed, or that was paused, begins anew now: nothing is caught up by it. */
    void update(TenantId tenant, PolicyId id, PolicySettings settings) {
        bind(jdbc.sql("""
                                update backup_policy set name = :name, store_id = :store, all_vms = :allVms, wanted = :wanted,
                                    acceptable = :acceptable, freeze_limit_millis = :freeze, keep_last = :last,
                                    keep_hourly = :hourly, keep_daily = :daily, keep_weekly = :weekly, keep_monthly = :monthly,
                                    keep_yearly = :yearly, objective_seconds = :objective, drill_port = :drillPort,
                                    drill_path = :drillPath, recovery_objective_seconds = :recovery, updated_at = :now,
                                    last_tick = case when schedule = :schedule and enabled then last_tick else :now end,
                                    last_verify_tick = case when verify_schedule is not distinct from :verify and enabled
                                        then last_verify_tick else :now end,
                                    last_drill_tick = case when drill_schedule is not distinct from :drill and enabled
                                        then last_drill_tick else :now end,
                                    schedule = :schedule, verify_schedule = :verify, drill_schedule = :drill,
                                    enabled = :enabled, version = version + 1
                                where tenant_id = :tenant and id = :id
                                """), tenant, id, settings).update();
        jdbc.sql("delete from backup_policy_label where tenant_id = :tenant and policy_id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
        labels(tenant, id, settings.labels());
    }

    private void labels(TenantId tenant, PolicyId id, List<String> labels) {
        for (String label : labels) {
            jdbc.sql("insert into backup_policy_label (tenant_id, policy_id, label) values (:tenant, :id, :label)")
                    .param("tenant", tenant.value())
                    .param("id", id.value())
                    .param("label", label)
                    .update();
        }
    }

    void delete(TenantId tenant, PolicyId id) {
        jdbc.sql("delete from backup_policy where tenant_id = :tenant and id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
    }

    /** @param column one of last_tick, last_verify_tick, last_drill_tick */
    public void served(TenantId tenant, PolicyId id, Tick which, Instant tick) {
        jdbc.sql("update backup_policy set " + which.column() + " = :tick, last_run_at = case when :backup then :now"
                        + " else last_run_at end where tenant_id = :tenant and id = :id")
                .param("tick", tick.atOffset(ZoneOffset.UTC))
                .param("backup", which == Tick.BACKUP)
                .param("now", now())
                .param("tenant", tenant.value())
                .param("id", id.value())
                .update();
    }

    private JdbcClient.StatementSpec bind(
            JdbcClient.StatementSpec sql, TenantId tenant, PolicyId id, PolicySettings settings) {
        Retention keep = settings.retention();
        return sql.param("id", id.value())
                .param("tenant", tenant.value())
                .param("name", settings.name())
                .param("enabled", settings.enabled())
                .param("store", settings.store().value())
                .param("allVms", settings.allVms())
                .param("schedule", settings.schedule().cron())
                .param("wanted", settings.wanted().name())
                .param("acceptable", settings.acceptable().name())
                .param("freeze", settings.freezeLimitMillis())
                .param("last", keep.last())
                .param("hourly", keep.hourly())
                .param("daily", keep.daily())
                .param("weekly", keep.weekly())
                .param("monthly", keep.monthly())
                .param("yearly", keep.yearly())
                .param("objective", seconds(settings.objective()), java.sql.Types.BIGINT)
                .param("verify", cron(settings.verify()), java.sql.Types.VARCHAR)
                .param("drill", cron(settings.drill()), java.sql.Types.VARCHAR)
                .param("drillPort", settings.drillPort(), java.sql.Types.INTEGER)
                .param("drillPath", settings.drillPath(), java.sql.Types.VARCHAR)
                .param("recovery", seconds(settings.recoveryObjective()), java.sql.Types.BIGINT)
                .param("now", now());
    }

    private static Row read(ResultSet row) throws SQLException {
        return new Row(
                new PolicyId(row.getObject("id", UUID.class)),
                new PolicySettings(
                        row.getString("name"),
                        row.getBoolean("enabled"),
                        new StoreId(row.getObject("store_id", UUID.class)),
                        row.getBoolean("all_vms"),
                        Arrays.asList((String[]) row.getArray("labels").getArray()),
                        new Schedule(row.getString("schedule")),
                        Consistency.valueOf(row.getString("wanted")),
                        Consistency.valueOf(row.getString("acceptable")),
                        row.getInt("freeze_limit_millis"),
                        new Retention(
                                row.getInt("keep_last"),
                                row.getInt("keep_hourly"),
                                row.getInt("keep_daily"),
                                row.getInt("keep_weekly"),
                                row.getInt("keep_monthly"),
                                row.getInt("keep_yearly")),
                        duration(row, "objective_seconds"),
                        schedule(row.getString("verify_schedule")),
                        schedule(row.getString("drill_schedule")),
                        row.getObject("drill_port", Integer.class),
                        row.getString("drill_path"),
                        duration(row, "recovery_objective_seconds")),
                row.getString("store_name"),
                ZoneId.of(row.getString("time_zone")),
                row.getObject("last_tick", OffsetDateTime.class).toInstant(),
                row.getObject("last_verify_tick", OffsetDateTime.class).toInstant(),
                row.getObject("last_drill_tick", OffsetDateTime.class).toInstant(),
                instant(row, "last_run_at"),
                row.getLong("version"));
    }

    private static @Nullable Long seconds(@Nullable Duration duration) {
        return duration == null ? null : duration.toSeconds();
    }

    private static @Nullable String cron(@Nullable Schedule schedule) {
        return schedule == null ? null : schedule.cron();
    }

    private static @Nullable Schedule schedule(@Nullable String cron) {
        return cron == null ? null : new Schedule(cron);
    }

    private static @Nullable Duration duration(ResultSet row, String column) throws SQLException {
        long seconds = row.getLong(column);
        return row.wasNull() ? null : Duration.ofSeconds(seconds);
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
