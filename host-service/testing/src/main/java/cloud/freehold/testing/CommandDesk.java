package cloud.freehold.testing;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandProgress;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A {@link FakePortal}'s side of running orders: what they said, what they were given, what they brought. Thread-safe. */
public final class CommandDesk {
    private final Map<UUID, List<CommandProgress>> said = new HashMap<>();
    private final Map<UUID, CommandInput> inputs = new HashMap<>();
    private final Map<UUID, byte[]> outputs = new HashMap<>();
    private final Set<UUID> cancelled = new HashSet<>();
    private final Consumer<UUID> onEnd;
    private int inputsFetched;

    CommandDesk(Consumer<UUID> onEnd) {
        this.onEnd = onEnd;
    }

    /** @param path below COMMANDS: id, id/input or id/output */
    void handle(HttpExchange exchange, String path) throws IOException {
        var parts = path.split("/");
        var command = UUID.fromString(parts[0]);
        var what = exchange.getRequestMethod() + (parts.length > 1 ? " " + parts[1] : "");
        switch (what) {
            case "POST" -> take(exchange, command);
            case "GET input" -> give(exchange, command);
            case "PUT output" -> bring(exchange, command);
            default -> exchange.sendResponseHeaders(405, -1);
        }
    }

    private void take(HttpExchange exchange, UUID command) throws IOException {
        var progress = Wire.JSON.readValue(exchange.getRequestBody().readAllBytes(), CommandProgress.class);
        boolean ended = progress.status() != CommandProgress.Status.RUNNING;
        boolean gone;
        synchronized (this) {
            gone = cancelled.contains(command);
            said.computeIfAbsent(command, id -> new ArrayList<>()).add(progress);
            notifyAll();
        }
        if (ended) {
            onEnd.accept(command);
        }
        exchange.sendResponseHeaders(gone ? 410 : 204, -1);
    }

    private void give(HttpExchange exchange, UUID command) throws IOException {
        CommandInput input;
        boolean gone;
        synchronized (this) {
            input = inputs.get(command);
            gone = cancelled.contains(command);
            inputsFetched++;
        }
        if (gone || input == null) {
            exchange.sendResponseHeaders(gone ? 410 : 404, -1);
            return;
        }
        var bytes = Wire.JSON.writeValueAsBytes(input);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private void bring(HttpExchange exchange, UUID command) throws IOException {
        var bytes = exchange.getRequestBody().readAllBytes();
        synchronized (this) {
            outputs.put(command, bytes);
        }
        exchange.sendResponseHeaders(204, -1);
    }

    /** What the command gets when it asks. */
    public synchronized void input(UUID command, CommandInput input) {
        inputs.put(command, input);
    }

    public synchronized int inputsFetched() {
        return inputsFetched;
    }

    /** Null: it brought nothing. */
    public synchronized byte[] output(UUID command) {
        return outputs.get(command);
    }

    /** Whatever it says next is answered with 410. */
    public synchronized void cancel(UUID command) {
        cancelled.add(command);
    }

    public synchronized List<CommandProgress> said(UUID command) {
        return List.copyOf(said.getOrDefault(command, List.of()));
    }

    /** How the command ended. */
    public CommandProgress awaitEnd(UUID command, Duration atMost) {
        return await(command, step -> step.status() != CommandProgress.Status.RUNNING, atMost);
    }

    /** The first thing that it said which fulfils the condition. */
    public synchronized CommandProgress await(UUID command, Predicate<CommandProgress> condition, Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        while (true) {
            for (var step : said.getOrDefault(command, List.of())) {
                if (condition.test(step)) {
                    return step;
                }
            }
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("the command did not say so in " + atMost + ": " + said.get(command));
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted", e);
            }
        }
    }
}
