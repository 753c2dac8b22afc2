package cloud.freehold.portal.live.web;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.live.LiveTopic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

class LiveStreamTests {

    private final List<Long> waits = new ArrayList<>();
    private final List<String> sent = new ArrayList<>();
    private @Nullable Runnable due;
    private long now = Long.MAX_VALUE - 5; // the clock of a machine may wrap

    private final ScheduledThreadPoolExecutor sender = new ScheduledThreadPoolExecutor(1) {
        @Override
        public @Nullable ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
            waits.add(unit.toMillis(delay));
            due = task;
            return null;
        }
    };
    private final LiveStream stream = new LiveStream(
            new SseEmitter() {
                @Override
                public void send(SseEventBuilder event) {
                    event.build().forEach(part -> sent.add(part.getData().toString()));
                }
            },
            sender,
            () -> {},
            () -> now);

    @AfterEach
    void end() {
        sender.shutdownNow();
    }

    private void offer(LiveTopic... topics) {
        stream.offer(Set.of(topics));
    }

    private void send() {
        Runnable task = due;
        due = null;
        assertThat(task).isNotNull();
        task.run();
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    @Test
    void whatAClickSetsOffIsSentAtOnce() {
        for (int event = 0; event < LiveStream.CREDITS; event++) {
            offer(LiveTopic.NICS);
            send();
            pass(Duration.ofMillis(20));
        }
        assertThat(waits).containsOnly(0L);
        assertThat(String.join("", sent)).contains("live-nics");
    }

    @Test
    void aLongerBurstIsCollected() {
        for (int event = 0; event < LiveStream.CREDITS; event++) {
            offer(LiveTopic.NICS);
            send();
        }
        waits.clear();
        sent.clear();
        offer(LiveTopic.NICS);
        offer(LiveTopic.GROUPS, LiveTopic.NICS);
        assertThat(waits).containsExactly(LiveStream.CREDIT.toMillis());
        pass(LiveStream.CREDIT);
        send();
        assertThat(String.join("", sent)).containsOnlyOnce("live-nics").containsOnlyOnce("live-groups");
    }

    @Test
    void creditComesBackAndNoMoreThanAll() {
        pass(Duration.ofHours(1));
        for (int event = 0; event < LiveStream.CREDITS; event++) {
            offer(LiveTopic.VMS);
            send();
        }
        pass(LiveStream.CREDIT);
        offer(LiveTopic.VMS);
        send();
        assertThat(waits).containsOnly(0L);
        offer(LiveTopic.VMS);
        assertThat(waits).last().isEqualTo(LiveStream.CREDIT.toMillis());
    }
}
