package cloud.freehold.portal.hostlink.web;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.desired.DesiredState;
import cloud.freehold.portal.hostlink.HostPrincipal;
import cloud.freehold.portal.hostlink.domain.DesiredStates;
import cloud.freehold.portal.hostlink.domain.DesiredStates.Known;
import cloud.freehold.portal.hostlink.domain.WaitingHosts;
import jakarta.annotation.PreDestroy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;

/** The long-poll: answers at once when there is news, else as soon as there is, else 204 at the end of the wait. */
@RestController
class DesiredController {

    private static final int MOST_SECONDS = 30;
    /** A host that does not take up a command is told again, but not in a tight loop. */
    private static final Duration COMMANDS_AGAIN = Duration.ofSeconds(4);

    private final DesiredStates states;
    private final WaitingHosts waiting;
    private final Clock clock;
    private final Map<UUID, ToldCommands> told = new ConcurrentHashMap<>();
    private final ExecutorService readers = Executors.newFixedThreadPool(4, work -> {
        Thread thread = new Thread(work, "desired");
        thread.setDaemon(true);
        return thread;
    });

    DesiredController(DesiredStates states, WaitingHosts waiting, Clock clock) {
        this.states = states;
        this.waiting = waiting;
        this.clock = clock;
    }

    @GetMapping(AgentPaths.DESIRED)
    DeferredResult<ResponseEntity<DesiredState>> desired(
            @AuthenticationPrincipal HostPrincipal host,
            @RequestParam(required = false) @Nullable UUID epoch,
            @RequestParam(defaultValue = "0") long after,
            @RequestParam(defaultValue = "0") int wait) {
        Poll poll = new Poll(host.id(), new Known(epoch, after), Math.max(0, Math.min(MOST_SECONDS, wait)));
        poll.begin();
        return poll.result;
    }

    /** In case a notification was missed, and for commands that a host did not take up. */
    @Scheduled(fixedDelayString = "PT5S")
    void lookAgain() {
        waiting.wakeAll();
    }

    @PreDestroy
    void close() {
        readers.shutdownNow();
    }

    private final class Poll {

        private final UUID hostId;
        private final Known known;
        private final int seconds;
        private final DeferredResult<ResponseEntity<DesiredState>> result;
        private final AtomicBoolean looking = new AtomicBoolean();
        private final AtomicBoolean lookAgain = new AtomicBoolean();
        private final Runnable wake = this::wake;

        Poll(UUID hostId, Known known, int seconds) {
            this.hostId = hostId;
            this.known = known;
            this.seconds = seconds;
            this.result = new DeferredResult<>(
                    Math.max(1, seconds * 1000L), ResponseEntity.noContent().build());
        }

        void begin() {
            waiting.register(hostId, wake);
            result.onCompletion(() -> waiting.unregister(hostId, wake));
            // On the request's own thread: whoever asks without waiting gets the answer, not a time-out, which would
            // come up to a second later.
            look();
            if (seconds == 0) {
                result.setResult(ResponseEntity.noContent().build());
            }
        }

        private void wake() {
            lookAgain.set(true);
            if (looking.compareAndSet(false, true)) {
                try {
                    readers.execute(this::lookWhileAsked);
                } catch (RejectedExecutionException shuttingDown) {
                    looking.set(false);
                }
            }
        }

        private void lookWhileAsked() {
            try {
                while (lookAgain.getAndSet(false) && !result.isSetOrExpired()) {
                    look();
                }
            } catch (RuntimeException e) {
                result.setErrorResult(e);
            } finally {
                looking.set(false);
            }
            if (lookAgain.get() && !result.isSetOrExpired()) {
                wake();
            }
        }

        private void look() {
            Instant now = clock.instant();
            ToldCommands commands = told.computeIfAbsent(hostId, host -> new ToldCommands(COMMANDS_AGAIN));
            if (states.isNews(hostId, known, commands.lately(now))) {
                DesiredState state = states.read(hostId, known);
                commands.told(state.commands(), now);
                result.setResult(ResponseEntity.ok(state));
            }
        }
    }
}
