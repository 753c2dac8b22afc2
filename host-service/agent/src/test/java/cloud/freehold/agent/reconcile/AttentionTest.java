package cloud.freehold.agent.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class AttentionTest {
    private final Queue<Runnable> work = new ArrayDeque<>();
    private final List<Duration> pauses = new ArrayList<>();

    private void runAll() {
        while (!work.isEmpty()) {
            work.remove().run();
        }
    }

    @Test
    void manyKicksBeforeALookAreOneLook() {
        var looks = new AtomicInteger();
        var attention = new Attention(work::add, (pause, task) -> pauses.add(pause), () -> {
            looks.incrementAndGet();
            return Attention.UNTIL_AN_EVENT;
        });
        attention.kick();
        attention.kick();
        attention.kick();
        runAll();
        assertThat(looks).hasValue(1);
        assertThat(pauses).isEmpty();
    }

    @Test
    void aKickDuringALookIsAnotherLook() {
        var looks = new AtomicInteger();
        var attention = new AtomicReference<Attention>();
        attention.set(new Attention(work::add, (pause, task) -> pauses.add(pause), () -> {
            if (looks.incrementAndGet() == 1) {
                attention.get().kick();
            }
            return Attention.UNTIL_AN_EVENT;
        }));
        attention.get().kick();
        runAll();
        assertThat(looks).hasValue(2);
    }

    @Test
    void aLookSaysWhenToLookAgain() {
        var attention = new Attention(work::add, (pause, task) -> pauses.add(pause), () -> Duration.ofSeconds(2));
        attention.kick();
        runAll();
        assertThat(pauses).containsExactly(Duration.ofSeconds(2));
    }

    @Test
    void noKickIsLostAndNoTwoLookAtATime() throws Exception {
        var pool = Executors.newFixedThreadPool(8);
        var inside = new AtomicInteger();
        var together = new AtomicInteger();
        var world = new AtomicInteger();
        var seen = new AtomicInteger();
        var attention = new Attention(pool, (pause, task) -> {}, () -> {
            if (inside.incrementAndGet() > 1) {
                together.incrementAndGet();
            }
            seen.set(world.get());
            inside.decrementAndGet();
            return Attention.UNTIL_AN_EVENT;
        });
        var kickers = Executors.newFixedThreadPool(4);
        for (int i = 0; i < 20_000; i++) {
            kickers.execute(() -> {
                world.incrementAndGet();
                attention.kick();
            });
        }
        kickers.shutdown();
        assertThat(kickers.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        while (seen.get() != 20_000 && !Thread.interrupted()) {
            Thread.onSpinWait();
        }
        pool.shutdown();
        assertThat(pool.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        assertThat(together).hasValue(0);
        assertThat(seen).hasValue(20_000);
    }
}
