package cloud.freehold.portal.live.web;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.live.LiveTopic;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What has happened lately: a page that was made just before misses it, because its stream opens just after. */
final class RecentTopics {

    /** From when a page is made until its stream is open: this long on a slow line. */
    static final Duration KEPT = Duration.ofSeconds(30);

    private final Map<TenantId, EnumMap<LiveTopic, Instant>> latest = new ConcurrentHashMap<>();

    void note(TenantId tenant, LiveTopic topic, Instant at) {
        latest.compute(tenant, (key, known) -> {
            EnumMap<LiveTopic, Instant> topics = known == null ? new EnumMap<>(LiveTopic.class) : new EnumMap<>(known);
            topics.put(topic, at);
            return topics;
        });
    }

    Set<LiveTopic> since(TenantId tenant, Instant made) {
        Set<LiveTopic> topics = EnumSet.noneOf(LiveTopic.class);
        latest.getOrDefault(tenant, new EnumMap<>(LiveTopic.class)).forEach((topic, at) -> {
            if (!at.isBefore(made)) {
                topics.add(topic);
            }
        });
        return topics;
    }

    void forget(Instant now) {
        Instant old = now.minus(KEPT);
        latest.values().removeIf(topics -> topics.values().stream().allMatch(at -> at.isBefore(old)));
    }
}
