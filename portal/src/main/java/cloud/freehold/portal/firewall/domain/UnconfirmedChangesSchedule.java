package cloud.freehold.portal.firewall.domain;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Configuration;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.transaction.TransactionException;

/** Looks every second; tests switch it off and ask themselves. */
@Configuration(proxyBeanMethods = false)
@EnableScheduling
@ConditionalOnBooleanProperty(name = "spring.task.scheduling.enabled", matchIfMissing = true)
class UnconfirmedChangesSchedule {

    private static final Logger log = LoggerFactory.getLogger(UnconfirmedChangesSchedule.class);

    private final UnconfirmedChanges changes;

    UnconfirmedChangesSchedule(UnconfirmedChanges changes) {
        this.changes = changes;
    }

    @Scheduled(fixedDelay = 1_000)
    void look() {
        try {
            changes.takeBackOverdue();
        } catch (DataAccessException | TransactionException e) {
            log.warn(
                    "The database does not answer; unconfirmed changes are looked for again in a second: {}",
                    e.getMessage());
        }
    }
}
