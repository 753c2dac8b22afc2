package cloud.freehold.portal.live.web;

import cloud.freehold.portal.live.LiveTopic;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** One page's stream: collects topics and sends each at most once a quarter of a second, the first one at once. */
final class LiveStream {

    static final long COALESCE_MILLIS = 250;

    private final SseEmitter emitter;
    private final ScheduledExecutorService sender;
    private final Runnable gone;
    private final Set<LiveTopic> pending = EnumSet.noneOf(LiveTopic.class);
    private boolean scheduled;
    private long sentAtNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(COALESCE_MILLIS);
    private long lastId;

    LiveStream(SseEmitter emitter, ScheduledExecutorService sender, Runnable gone) {
        this.emitter = emitter;
        this.sender = sender;
        this.gone = gone;
    }

    synchronized void offer(Set<LiveTopic> topics) {
        pending.addAll(topics);
        if (!scheduled) {
            scheduled = true;
            long sinceLast = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sentAtNanos);
            sender.schedule(this::send, Math.max(0, COALESCE_MILLIS - sinceLast), TimeUnit.MILLISECONDS);
        }
    }

    private void send() {
        Set<LiveTopic> topics;
        synchronized (this) {
            topics = EnumSet.copyOf(pending);
            pending.clear();
            scheduled = false;
            sentAtNanos = System.nanoTime();
        }
        try {
            for (LiveTopic topic : topics) {
                emitter.send(SseEmitter.event()
                        .id(Long.toString(++lastId))
                        .name(topic.event())
                        .data(""));
            }
        } catch (IOException | IllegalStateException e) {
            gone.run();
        }
    }

    /** Gives the page an id to come back with, by which a second connection is known as one. */
    void greet() {
        sender.execute(() -> {
            try {
                emitter.send(SseEmitter.event().id("0").name("live-open").data(""));
            } catch (IOException | IllegalStateException e) {
                gone.run();
            }
        });
    }

    void heartbeat() {
        sender.execute(() -> {
            try {
                emitter.send(SseEmitter.event().comment("still here"));
            } catch (IOException | IllegalStateException e) {
                gone.run();
            }
        });
    }

    void close() {
        emitter.complete();
    }
}
