package cloud.freehold.portal.backup.schedule;

import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.domain.Tick;
import cloud.freehold.portal.database.SystemAccess;
import com.github.kagkarlsson.scheduler.boot.config.DbSchedulerCustomizer;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.Task;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.scheduler.task.schedule.FixedDelay;
import com.github.kagkarlsson.scheduler.task.schedule.Schedules;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import javax.sql.DataSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;

/** The jobs, as db-scheduler knows them: it picks each due one on one portal alone, and again when that portal dies. */
@Configuration(proxyBeanMethods = false)
class BackupTasks {

    private static final Duration TRY_AGAIN = Duration.ofMinutes(1);
    private static final Duration WATCH_EVERY = Duration.ofMinutes(2);
    private static final Duration SWEEP_EVERY = Duration.ofMinutes(1);
    private static final Duration ALIGN_EVERY = Duration.ofMinutes(1);

    /** Its table belongs to no tenant. */
    @Bean
    DbSchedulerCustomizer schedulerOnTheSystemsDataSource(@SystemAccess DataSource system) {
        return new DbSchedulerCustomizer() {
            @Override
            public Optional<DataSource> dataSource() {
                return Optional.of(new TransactionAwareDataSourceProxy(system));
            }
        };
    }

    @Bean
    Task<Void> backupByPolicy(PolicyTicks ticks) {
        return task(Tick.BACKUP, ticks);
    }

    @Bean
    Task<Void> verifyByPolicy(PolicyTicks ticks) {
        return task(Tick.VERIFY, ticks);
    }

    @Bean
    Task<Void> drillByPolicy(PolicyTicks ticks) {
        return task(Tick.DRILL, ticks);
    }

    @Bean
    Task<Void> alignSchedules(PolicySchedules schedules) {
        return Tasks.recurring("backup-schedules", FixedDelay.of(ALIGN_EVERY))
                .execute((instance, context) -> schedules.alignAll());
    }

    @Bean
    Task<Void> collectGarbage(
            NightlyCollections collections, @Value("${freehold.backup.collect:0 40 3 * * *}") String cron) {
        return Tasks.recurring("backup-collect", Schedules.cron(cron, ZoneOffset.UTC))
                .execute((instance, context) -> collections.begin());
    }

    @Bean
    Task<Void> watchAges(LateWatch watch) {
        return Tasks.recurring("backup-late", FixedDelay.of(WATCH_EVERY)).execute((instance, context) -> watch.look());
    }

    @Bean
    Task<Void> sweepFiles(FileSweep files) {
        return Tasks.recurring("backup-files", FixedDelay.of(SWEEP_EVERY))
                .execute((instance, context) -> files.sweep());
    }

    static String name(Tick tick) {
        return switch (tick) {
            case BACKUP -> "backup-policy";
            case VERIFY -> "backup-policy-verify";
            case DRILL -> "backup-policy-drill";
        };
    }

    private static Task<Void> task(Tick tick, PolicyTicks ticks) {
        return Tasks.custom(name(tick), Void.class)
                .onFailureReschedule(FixedDelay.of(TRY_AGAIN))
                .onDeadExecutionRevive()
                .execute((instance, context) -> then(ticks.serve(PolicyId.of(instance.getId()), tick)));
    }

    private static CompletionHandler<Void> then(Optional<Instant> next) {
        return (complete, operations) ->
                next.ifPresentOrElse(at -> operations.reschedule(complete, at), operations::remove);
    }
}
