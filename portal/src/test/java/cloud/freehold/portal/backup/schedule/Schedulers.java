package cloud.freehold.portal.backup.schedule;

import cloud.freehold.portal.testing.TestingClock;
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The jobs of several portals over one database, by the test's clock. */
public final class Schedulers implements AutoCloseable {

    private final List<Scheduler> schedulers = new ArrayList<>();
    private final PolicySchedules schedules;
    private final TestingClock clock;
    private final JdbcClient system;

    public Schedulers(ApplicationContext context, JdbcClient system, int portals) {
        this.schedules = context.getBean(PolicySchedules.class);
        this.clock = context.getBean(TestingClock.class);
        this.system = system;
        for (int portal = 0; portal < portals; portal++) {
            schedulers.add(scheduler(context, "portal-" + portal));
        }
        schedules.alignAll(schedulers.get(0));
        schedulers.forEach(Scheduler::start);
    }

    private Scheduler scheduler(ApplicationContext context, String name) {
        List<Task<?>> tasks = new ArrayList<>();
        context.getBeansOfType(Task.class).values().stream()
                // What recurs by itself would fill the test with its own operations.
                .filter(task -> task.getName().startsWith("backup-policy"))
                .forEach(tasks::add);
        return Scheduler.create(context.getBean("systemDataSource", DataSource.class), tasks)
                .schedulerName(new SchedulerName.Fixed(name))
                .clock(clock::instant)
                .pollingInterval(Duration.ofMillis(20))
                .threads(4)
                .build();
    }

    /** All that is due by the test's clock has been done. */
    public void awaitNothingDue() throws InterruptedException {
        schedules.alignAll(schedulers.get(0));
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (due() > 0) {
            if (System.nanoTime() > end) {
                throw new AssertionError("jobs are still due");
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private long due() {
        return system.sql("select count(*) from scheduled_tasks where picked or execution_time <= ?")
                .params(clock.instant().atOffset(java.time.ZoneOffset.UTC))
                .query(Long.class)
                .single();
    }

    @Override
    public void close() {
        schedulers.forEach(Scheduler::stop);
    }
}
