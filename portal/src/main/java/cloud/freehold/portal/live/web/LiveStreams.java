package cloud.freehold.portal.live.web;

import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.live.NotificationHandler;
import cloud.freehold.portal.live.domain.LiveMessage;
import jakarta.annotation.PreDestroy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** All open streams of this portal, bounded per user and in total. */
@Component
class LiveStreams implements NotificationHandler {

    static final int MOST_PER_USER = 30;
    static final int MOST = 2_000;
    /** Then the page connects again and its membership is checked again. */
    private static final Duration LIFETIME = Duration.ofMinutes(5);

    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    private record Key(TenantId tenant, UserId user, long number) {}

    private final ScheduledExecutorService sender = Executors.newScheduledThreadPool(4, work -> {
        Thread thread = new Thread(work, "live");
        thread.setDaemon(true);
        return thread;
    });
    private final ConcurrentHashMap<Key, LiveStream> streams = new ConcurrentHashMap<>();
    private final RecentTopics recent = new RecentTopics();
    private final Clock clock;
    private long opened;

    LiveStreams(Clock clock) {
        this.clock = clock;
        sender.scheduleAtFixedRate(this::beat, HEARTBEAT.toSeconds(), HEARTBEAT.toSeconds(), TimeUnit.SECONDS);
    }

    private void beat() {
        streams.values().forEach(LiveStream::heartbeat);
        recent.forget(clock.instant());
    }

    /**
     * @param again the page had a stream before and may have missed anything
     * @param made when the page was made; null: it does not say
     */
    synchronized SseEmitter open(TenantId tenant, UserId user, boolean again, @Nullable Instant made) {
        long ofUser =
                streams.keySet().stream().filter(key -> key.user().equals(user)).count();
        if (ofUser >= MOST_PER_USER || streams.size() >= MOST) {
            throw new CapacityException(
                    "live.too-many", "Too many pages are open at once. This one works, but reload it to see changes.");
        }
        SseEmitter emitter = new SseEmitter(LIFETIME.toMillis());
        Key key = new Key(tenant, user, ++opened);
        LiveStream stream = new LiveStream(emitter, sender, () -> streams.remove(key), System::nanoTime);
        emitter.onCompletion(() -> streams.remove(key));
        emitter.onTimeout(emitter::complete);
        emitter.onError(error -> streams.remove(key));
        streams.put(key, stream);
        if (again) {
            stream.offer(EnumSet.allOf(LiveTopic.class));
        } else {
            stream.greet();
            Set<LiveTopic> missed = made == null ? Set.of() : recent.since(tenant, made);
            if (!missed.isEmpty()) {
                stream.offer(missed);
            }
        }
        return emitter;
    }

    @Override
    public String channel() {
        return LiveMessage.CHANNEL;
    }

    @Override
    public void notified(String payload) {
        LiveMessage message = LiveMessage.parse(payload);
        recent.note(message.tenant(), message.topic(), clock.instant());
        streams.forEach((key, stream) -> {
            if (key.tenant().equals(message.tenant())) {
                stream.offer(Set.of(message.topic()));
            }
        });
    }

    @Override
    public void reconnected() {
        streams.values().forEach(stream -> stream.offer(EnumSet.allOf(LiveTopic.class)));
    }

    @PreDestroy
    void close() {
        streams.values().forEach(LiveStream::close);
        sender.shutdownNow();
    }
}
