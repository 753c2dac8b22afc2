package cloud.freehold.portal.live.web;

import cloud.freehold.portal.live.LiveTopic;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * One page's stream. Topics are sent at once while the page has credit: what a click sets off is two or three events within
 * a tenth of a second, and the last of them is the one that the user waits for. In a longer burst they are collected, and
 * sent each quarter of a second, when a credit comes back.
 */
final class LiveStream {

    static final Duration CREDIT = Duration.ofMillis(250);
    static final int CREDITS = 4;

    private final SseEmitter emitter;
    private final ScheduledExecutorService sender;
    private final Runnable gone;
    private final LongSupplier nanoTime;
    private final Set<LiveTopic> pending = EnumSet.noneOf(LiveTopic.class);
    private boolean scheduled;
    /** When all credits will be back. */
    private long wholeAgainNanos;

    private long lastId;

    LiveStream(SseEmitter emitter, ScheduledExecutorService sender, Runnable gone, LongSupplier nanoTime) {
        this.emitter = emitter;
        this.sender = sender;
        this.gone = gone;
        this.nanoTime = nanoTime;
        this.wholeAgainNanos = nanoTime.getAsLong();
    }

    synchronized void offer(Set<LiveTopic> topics) {
        pending.addAll(topics);
        if (!scheduled) {
            scheduled = true;
            long untilOneIsBack = wholeAgainNanos - nanoTime.getAsLong() - CREDIT.toNanos() * (CREDITS - 1);
            sender.schedule(this::send, Math.max(0, untilOneIsBack), TimeUnit.NANOSECONDS);
        }
    }

    private void send() {
        Set<LiveTopic> topics;
        synchronized (this) {
            topics = EnumSet.copyOf(pending);
            pending.clear();
            scheduled = false;
            long now = nanoTime.getAsLong();
            wholeAgainNanos = (wholeAgainNanos - now > 0 ? wholeAgainNanos : now) + CREDIT.toNanos();
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
