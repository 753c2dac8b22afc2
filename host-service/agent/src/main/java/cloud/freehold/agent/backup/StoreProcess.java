package cloud.freehold.agent.backup;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.common.ChildProcess;
import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.common.UnixStream;
import cloud.freehold.api.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** Runs {@code freehold-store} for one job. It dies with the agent, and is ended when the order is over or it has been silent for too long. */
final class StoreProcess {
    /** @param added bytes that were stored, after compression */
    record Progress(long done, long total, long added) {}

    interface Listener {
        /** @throws OrderFailure the job is ended because of it */
        void progress(Progress progress) throws OrderFailure;
    }

    /** The program's own word about why not. */
    static final class Failed extends Exception {
        private static final long serialVersionUID = 1L;
        private final String code;
        private final transient JsonNode damages;

        private Failed(String code, String message, JsonNode damages) {
            super(message);
            this.code = code;
            this.damages = damages;
        }

        String code() {
            return code;
        }

        JsonNode damages() {
            return damages;
        }

        OrderFailure forTenant() {
            return switch (code) {
                case "STORE_FULL" ->
                    new OrderFailure(
                            ProblemCode.STORE_FULL,
                            "The backup store has no room left. Delete points and let the store be cleaned up, or let the"
                                    + " provider enlarge it.",
                            this);
                case "STORE_UNAVAILABLE" ->
                    new OrderFailure(
                            ProblemCode.STORE_UNAVAILABLE,
                            "The backup store does not answer or refuses. Try again later; if it lasts, tell the provider.",
                            this);
                case "STORE_DAMAGED" ->
                    new OrderFailure(
                            ProblemCode.STORE_DAMAGED,
                            "The backup store does not hold what was written (" + getMessage()
                                    + "). Nothing of it was used. Verify the points, and restore from another one.",
                            this);
                case "WRONG_KEY" ->
                    new OrderFailure(
                            ProblemCode.STORE_DAMAGED,
                            "The points in the store were written with another key. Nothing of them was used.",
                            this);
                case "CANCELLED" -> new OrderFailure(ProblemCode.CANCELLED, "The order was cancelled.", this);
                default ->
                    new OrderFailure(
                            ProblemCode.INTERNAL,
                            "The host could not carry this out. The provider finds the reason in the host's log.",
                            this);
            };
        }
    }

    private static final Duration TO_DIE = Duration.ofSeconds(2);

    private final AgentConfig config;
    private final Conversation.Patience patience;

    StoreProcess(AgentConfig config) {
        this(config, Conversation.PATIENCE);
    }

    StoreProcess(AgentConfig config, Conversation.Patience patience) {
        this.config = config;
        this.patience = patience;
    }

    /**
     * All that the program does may be done again from its beginning, which an agent that died does, too.
     *
     * @return the job's result
     */
    JsonNode run(StoreJob job, Order order, Listener listener)
            throws Failed, OrderFailure, IOException, InterruptedException {
        return KilledException.<JsonNode, Failed>onceMore(order, () -> once(job, order, listener));
    }

    private JsonNode once(StoreJob job, Order order, Listener listener)
            throws Failed, OrderFailure, IOException, InterruptedException {
        var process = ChildProcess.builder(command(job.what())).start();
        var conversation = new Conversation(process, listener, patience);
        try (var over = order.whenOver(conversation::stop)) {
            conversation.tell(Json.MAPPER.writeValueAsBytes(job.document()));
            var end = conversation.end();
            order.check();
            // One that could still be ended politely calls that a cancellation, which nobody has asked for.
            if (conversation.wasSilent() && (end == null || !end.has("result"))) {
                throw new Failed("STORE_UNAVAILABLE", "freehold-store was silent", Json.MAPPER.createArrayNode());
            }
            if (end == null && wasKilled(process)) {
                throw new KilledException("freehold-store was killed: " + conversation.complaints(), null);
            }
            return result(end, conversation.complaints());
        } finally {
            process.destroyForcibly();
        }
    }

    /** Of one that has closed its output. */
    private static boolean wasKilled(Process process) throws InterruptedException {
        return process.waitFor(TO_DIE.toMillis(), TimeUnit.MILLISECONDS)
                && KilledException.isMeantBy(process.exitValue());
    }

    /** So that the program can connect to a socket of QEMU's. */
    static void letIn(AgentConfig config, Path socket) throws IOException {
        if (config.storeUser().isPresent()) {
            UnixStream.letIn(config.storeUser().get(), socket);
        }
    }

    private List<String> command(String what) {
        var program = List.of(config.storeProgram(), what);
        return ChildProcess.command(
                config.storeUser(),
                true,
                config.storeInTheBackground() ? ChildProcess.inTheBackground(program) : program);
    }

    private static JsonNode result(JsonNode end, String said) throws Failed {
        if (end != null && end.has("result")) {
            return end.path("result");
        }
        if (end != null && end.has("failure")) {
            var failure = end.path("failure");
            throw new Failed(
                    failure.path("code").asString("INTERNAL"),
                    failure.path("message").asString(""),
                    failure.path("damages"));
        }
        throw new Failed("INTERNAL", "freehold-store ended without a word: " + said, Json.MAPPER.createArrayNode());
    }
}
