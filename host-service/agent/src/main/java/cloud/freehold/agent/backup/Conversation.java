package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.common.Threads;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Talks with a running {@code freehold-store}: its job in, JSON lines out. A process that sits in the kernel because a mount hangs cannot even
 * be killed: it is waited for only so long, and then left to its fate.
 */
final class Conversation {
    private static final Logger LOG = LoggerFactory.getLogger(Conversation.class);
    private static final Duration TO_DIE = Duration.ofSeconds(2);
    /** The program says something each second, and gives up by itself when the store does not answer it for a minute. */
    static final Patience PATIENCE = new Patience(Duration.ofMinutes(3), Duration.ofSeconds(10));

    private static final int COMPLAINTS_AT_MOST = 2_000;

    /**
     * @param silence after which the program is ended
     * @param toStop from when it is asked to end until it is killed
     */
    record Patience(Duration silence, Duration toStop) {}

    private final Process process;
    private final StoreProcess.Listener listener;
    private final Patience patience;
    private final CompletableFuture<JsonNode> end = new CompletableFuture<>();
    private final StringBuffer complaints = new StringBuffer();
    private final CountDownLatch complained = new CountDownLatch(1);
    private volatile long heardAt = System.nanoTime();
    private volatile boolean silent;

    Conversation(Process process, StoreProcess.Listener listener, Patience patience) {
        this.process = process;
        this.listener = listener;
        this.patience = patience;
        Threads.start("store-output", this::listen);
        Threads.start("store-complaints", this::listenToComplaints);
    }

    void tell(byte[] job) {
        try (var in = process.getOutputStream()) {
            in.write(job);
        } catch (IOException e) {
            LOG.debug("freehold-store did not read all of its job: {}", e.getMessage());
        }
    }

    /** Politely at first, and so that its last words are heard: {@link Process#destroy} closes what they come by. */
    void stop() {
        process.toHandle().destroy();
        later(patience.toStop(), process.toHandle()::destroyForcibly);
        later(patience.toStop().plus(TO_DIE), () -> end.complete(null));
    }

    private static void later(Duration pause, Runnable what) {
        CompletableFuture.delayedExecutor(pause.toMillis(), TimeUnit.MILLISECONDS)
                .execute(what);
    }

    /** Its last word; null: it ended without one. */
    JsonNode end() throws OrderFailure, IOException, InterruptedException {
        while (true) {
            try {
                return end.get(1, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof OrderFailure refusal) {
                    throw refusal;
                }
                throw new IOException("the output of freehold-store cannot be read", e.getCause());
            } catch (TimeoutException e) {
                if (!silent && System.nanoTime() - heardAt > patience.silence().toNanos()) {
                    LOG.warn("freehold-store has said nothing for {} and is ended.", patience.silence());
                    silent = true;
                    stop();
                }
            }
        }
    }

    /** Whether it was ended because it had said nothing for too long. */
    boolean wasSilent() {
        return silent;
    }

    /** What it wrote to its standard error, which may end a moment after its output. */
    String complaints() throws InterruptedException {
        if (!complained.await(TO_DIE.toMillis(), TimeUnit.MILLISECONDS)) {
            LOG.debug("freehold-store's standard error is still open.");
        }
        return complaints.toString().strip();
    }

    private void listen() {
        JsonNode last = null;
        try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                heardAt = System.nanoTime();
                var message = parsed(line);
                if (message.path("progress").isObject()) {
                    tell(message.path("progress"));
                } else {
                    last = message;
                }
            }
            end.complete(last);
        } catch (IOException | RuntimeException | OrderFailure e) {
            end.completeExceptionally(e);
        }
    }

    private void tell(JsonNode progress) throws OrderFailure {
        try {
            listener.progress(new StoreProcess.Progress(
                    progress.path("done").asLong(0),
                    progress.path("total").asLong(0),
                    progress.path("added").asLong(0)));
        } catch (OrderFailure e) {
            stop();
            throw e;
        }
    }

    private static JsonNode parsed(String line) {
        try {
            return Json.MAPPER.readTree(line);
        } catch (JacksonException e) {
            LOG.warn("freehold-store said something that is no JSON.");
            return Json.MAPPER.createObjectNode();
        }
    }

    private void listenToComplaints() {
        try (var in = new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8)) {
            var buffer = new char[1024];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                complaints.append(buffer, 0, Math.min(count, Math.max(0, COMPLAINTS_AT_MOST - complaints.length())));
            }
        } catch (IOException e) {
            LOG.debug("freehold-store's standard error: {}", e.getMessage());
        } finally {
            complained.countDown();
        }
    }
}
