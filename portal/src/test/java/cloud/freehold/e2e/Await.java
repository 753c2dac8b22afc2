package cloud.freehold.e2e;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

/** Asks again until the answer fits. What is waited for happens in other processes, so there is nothing to be told by. */
final class Await {

    private static final Duration PAUSE = Duration.ofMillis(100);

    private Await() {}

    static <T> T until(String what, Duration atMost, Callable<T> question, Predicate<? super T> fits) {
        long deadline = System.nanoTime() + atMost.toNanos();
        Object last;
        do {
            try {
                T answer = question.call();
                if (fits.test(answer)) {
                    return answer;
                }
                last = answer;
            } catch (Exception e) {
                last = e;
            }
            pause();
        } while (System.nanoTime() < deadline);
        throw new AssertionError(what + ": not within " + atMost.toSeconds() + " s, last seen: " + last);
    }

    static void until(String what, Duration atMost, Callable<Boolean> condition) {
        until(what, atMost, condition, Boolean::booleanValue);
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting", e);
        }
    }
}
