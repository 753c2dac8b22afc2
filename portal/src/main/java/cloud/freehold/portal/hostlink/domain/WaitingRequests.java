package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.portal.live.NotificationHandler;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Requests that wait for news for their host, woken by PostgreSQL. Nothing here holds a thread. A wake-up may be for
 * nothing; none is lost, because a request registers before it looks.
 */
public abstract class WaitingRequests implements NotificationHandler {

    private final Map<UUID, Set<Runnable>> waiting = new ConcurrentHashMap<>();

    /** @param wake short or handed on: it runs on the listener's thread */
    public void register(UUID hostId, Runnable wake) {
        waiting.computeIfAbsent(hostId, id -> ConcurrentHashMap.newKeySet()).add(wake);
    }

    public void unregister(UUID hostId, Runnable wake) {
        waiting.computeIfPresent(hostId, (id, wakes) -> {
            wakes.remove(wake);
            return wakes.isEmpty() ? null : wakes;
        });
    }

    @Override
    public void notified(String payload) {
        waiting.getOrDefault(UUID.fromString(payload), Set.of()).forEach(Runnable::run);
    }

    @Override
    public void reconnected() {
        wakeAll();
    }

    /** Looks again everywhere, in case a notification was missed. */
    public void wakeAll() {
        waiting.values().forEach(wakes -> wakes.forEach(Runnable::run));
    }
}
