package cloud.freehold.portal.backup.schedule;

import cloud.freehold.portal.backup.PolicyChanged;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.domain.Tick;
import cloud.freehold.portal.database.SystemAccess;
import com.github.kagkarlsson.scheduler.ScheduledExecution;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.exceptions.DbSchedulerException;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.TaskInstanceId;
import jakarta.annotation.PreDestroy;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.event.TransactionPhase;
import org.springframework.transaction.event.TransactionalEventListener;

/**
 * Keeps the scheduler's table as the policies say. A change is told after its commit; a portal that dies in between, or that was
 * too busy, is made good by looking at all policies every minute.
 */
@Component
class PolicySchedules {

    private static final Logger log = LoggerFactory.getLogger(PolicySchedules.class);

    private final JdbcClient system;
    private final PolicyTicks ticks;
    private final ObjectProvider<SchedulerClient> scheduler;
    private final ExecutorService aligner = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "policies");
        thread.setDaemon(true);
        return thread;
    });

    PolicySchedules(@SystemAccess JdbcClient system, PolicyTicks ticks, ObjectProvider<SchedulerClient> scheduler) {
        this.system = system;
        this.ticks = ticks;
        this.scheduler = scheduler;
    }

    @TransactionalEventListener(phase = TransactionPhase.AFTER_COMMIT)
    void changed(PolicyChanged event) {
        // On another thread: this one's transaction is over, but its connection not yet given back.
        scheduler.ifAvailable(client -> aligner.execute(() -> alignSoon(client, event.policy())));
    }

    private void alignSoon(SchedulerClient client, PolicyId policy) {
        try {
            align(client, policy);
        } catch (RuntimeException e) {
            log.warn("Policy {} is scheduled within a minute: {}", policy, e.getMessage());
        }
    }

    @PreDestroy
    void close() {
        aligner.shutdownNow();
    }

    void alignAll() {
        scheduler.ifAvailable(this::alignAll);
    }

    void alignAll(SchedulerClient client) {
        List<UUID> policies =
                system.sql("select id from backup_policy").query(UUID.class).list();
        policies.forEach(policy -> align(client, new PolicyId(policy)));
        Set<String> known = new HashSet<>();
        policies.forEach(policy -> known.add(policy.toString()));
        for (Tick tick : Tick.values()) {
            client.getScheduledExecutionsForTask(BackupTasks.name(tick), Void.class).stream()
                    .map(ScheduledExecution::getTaskInstance)
                    .filter(instance -> !known.contains(instance.getId()))
                    .forEach(instance -> quietly(() -> client.cancel(instance)));
        }
    }

    private void align(SchedulerClient client, PolicyId policy) {
        for (Tick tick : Tick.values()) {
            TaskInstanceId id = TaskInstanceId.of(BackupTasks.name(tick), policy.toString());
            Optional<ScheduledExecution<Object>> now = client.getScheduledExecution(id);
            Optional<Instant> wanted = ticks.next(policy, tick);
            if (wanted.isEmpty()) {
                now.ifPresent(there -> quietly(() -> client.cancel(id)));
            } else if (now.isEmpty()) {
                client.scheduleIfNotExists(
                        new TaskInstance<Void>(BackupTasks.name(tick), policy.toString()), wanted.get());
            } else if (!now.get().getExecutionTime().equals(wanted.get())) {
                quietly(() -> client.reschedule(id, wanted.get()));
            }
        }
    }

    /** One that is running at this moment reschedules itself when it ends. */
    private static void quietly(Runnable change) {
        try {
            change.run();
        } catch (DbSchedulerException running) {
            log.debug("Left to the running job: {}", running.getMessage());
        }
    }
}
