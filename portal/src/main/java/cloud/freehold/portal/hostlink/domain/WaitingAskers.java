package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.portal.live.NotificationHandler;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.springframework.stereotype.Component;

/** Threads that wait for answers, woken by PostgreSQL: the host's answer may have come in at another portal. */
@Component
class WaitingAskers implements NotificationHandler {

    static final String CHANNEL = "host_answer";

    private final Map<UUID, CountDownLatch> waiting = new ConcurrentHashMap<>();

    /** To be called before the questions are committed: an answer that is quicker than the wait is not missed. */
    Wait expect(Collection<UUID> questions) {
        CountDownLatch all = new CountDownLatch(questions.size());
        questions.forEach(question -> waiting.put(question, all));
        return new Wait(questions, all);
    }

    /** Until all are answered. */
    final class Wait implements AutoCloseable {

        private final Collection<UUID> questions;
        private final CountDownLatch all;

        private Wait(Collection<UUID> questions, CountDownLatch all) {
            this.questions = questions;
            this.all = all;
        }

        void atMost(long millis) {
            try {
                all.await(millis, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            questions.forEach(waiting::remove);
        }
    }

    @Override
    public String channel() {
        return CHANNEL;
    }

    @Override
    public void notified(String payload) {
        CountDownLatch waits = waiting.remove(UUID.fromString(payload));
        if (waits != null) {
            waits.countDown();
        }
    }

    /** Whose answer was missed finds it at the end of the wait. */
    @Override
    public void reconnected() {}
}
