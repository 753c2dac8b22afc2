package cloud.freehold.portal.notification.delivery;

import jakarta.annotation.PreDestroy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Sends what is due, a few at a time; no transaction is open while somebody else's server is waited for. */
@Component
class Postman {

    private static final Logger log = LoggerFactory.getLogger(Postman.class);
    private static final int AT_ONCE = 8;

    private final Deliveries deliveries;
    private final WebhookSender webhooks;
    private final MailSender mail;
    private final Clock clock;
    private final ExecutorService workers = Executors.newFixedThreadPool(AT_ONCE, work -> {
        Thread thread = new Thread(work, "postman");
        thread.setDaemon(true);
        return thread;
    });

    Postman(Deliveries deliveries, WebhookSender webhooks, MailSender mail, Clock clock) {
        this.deliveries = deliveries;
        this.webhooks = webhooks;
        this.mail = mail;
        this.clock = clock;
    }

    @Scheduled(fixedDelayString = "PT1S", initialDelayString = "PT5S")
    void round() {
        List<Letter> due = deliveries.lease(AT_ONCE);
        List<Future<?>> sending = new ArrayList<>();
        due.forEach(letter -> sending.add(workers.submit(() -> send(letter))));
        for (Future<?> each : sending) {
            try {
                each.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (java.util.concurrent.ExecutionException e) {
                log.error("A delivery ended in an error of the portal's own; it is sent again later", e.getCause());
            }
        }
    }

    private void send(Letter letter) {
        Instant begun = clock.instant();
        Outcome outcome = letter.url() != null
                ? webhooks.send(letter)
                : letter.email() != null
                        ? mail.send(letter)
                        : Outcome.hopeless("The member who got these e-mails is gone.");
        deliveries.ended(letter, outcome, Duration.between(begun, clock.instant()));
    }

    @PreDestroy
    void close() {
        workers.shutdownNow();
    }
}
