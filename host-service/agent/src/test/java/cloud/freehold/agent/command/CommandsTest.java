package cloud.freehold.agent.command;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.Waiting;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.Transfer;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandsTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final CommandInput INPUT = new CommandInput("5ec7e7", null, null, List.of(), null, null);
    private final Clock clock = Clock.systemUTC();
    private final FakeDesk portal = new FakeDesk();
    private final Orders handler = new Orders();
    private Commands commands;

    @TempDir
    Path directory;

    @AfterEach
    void close() {
        if (commands != null) {
            handler.goOn.countDown();
            commands.close();
        }
    }

    private Commands start() throws IOException {
        commands = new Commands(
                List.of(handler),
                portal,
                e -> new Problem(ProblemCode.HYPERVISOR_UNAVAILABLE, e.getMessage(), clock.instant()),
                directory,
                2,
                clock);
        commands.recover();
        return commands;
    }

    private HostCommand.RollBack order(Duration left) {
        return new HostCommand.RollBack(
                UUID.randomUUID(), clock.instant().plus(left), UUID.randomUUID(), UUID.randomUUID());
    }

    @Test
    void carriesOutOnceAndBringsTheResult() throws Exception {
        var order = order(SOON);
        handler.goOn.countDown();
        start().told(List.of(order));
        commands.told(List.of(order));
        var end = portal.await(order.id(), progress -> progress.status() == Status.DONE);
        assertThat(end.result()).isEqualTo(new CommandResult.RolledBack("as told"));
        portal.said.clear();
        commands.close();
        start().told(List.of(order));
        assertThat(portal.await(order.id(), progress -> progress.status() == Status.DONE)
                        .result())
                .isEqualTo(end.result());
        assertThat(handler.begun).isEqualTo(1);
    }

    @Test
    void saysHowFarItIsAndStopsWhenItIsCancelled() throws Exception {
        var order = order(Duration.ofMinutes(1));
        start().told(List.of(order));
        var moving = portal.await(order.id(), progress -> progress.transfer() != null);
        assertThat(moving.transfer()).isEqualTo(new Transfer(10, 100, 5));
        assertThat(moving.percent()).isEqualTo(40);
        portal.cancelled = order.id();
        var end = portal.await(order.id(), progress -> progress.status() == Status.FAILED);
        assertThat(end.problem().code()).isEqualTo(ProblemCode.CANCELLED);
        assertThat(handler.stopped).isTrue();
    }

    @Test
    void stopsWhenItIsLate() throws Exception {
        var order = order(Duration.ofSeconds(2));
        start().told(List.of(order));
        var end = portal.await(order.id(), progress -> progress.status() == Status.FAILED);
        assertThat(end.problem().code()).isEqualTo(ProblemCode.TIMED_OUT);
        assertThat(handler.stopped).isTrue();
    }

    @Test
    void anOrderThatArrivesTooLateIsNotBegun() throws Exception {
        var order = order(Duration.ofSeconds(-1));
        start().told(List.of(order));
        var end = portal.await(order.id(), progress -> progress.status() == Status.FAILED);
        assertThat(end.problem().code()).isEqualTo(ProblemCode.TIMED_OUT);
        assertThat(handler.begun).isZero();
    }

    @Test
    void whatAnAgentDiedOverIsRepeatedWithItsNotes() throws Exception {
        var order = order(Duration.ofMinutes(1));
        start().told(List.of(order));
        portal.await(order.id(), progress -> progress.transfer() != null);
        commands.close();
        handler.goOn = new CountDownLatch(0);
        start();
        var end = portal.await(order.id(), progress -> progress.status() == Status.DONE);
        assertThat(end.step()).isEqualTo("repeated after half");
    }

    @Test
    void whatWasReservedForIsLetGoHoweverItEnds() throws Exception {
        var order = order(Duration.ofMinutes(1));
        start().told(List.of(order));
        portal.await(order.id(), progress -> progress.transfer() != null);
        commands.close();
        handler.failure = new OrderFailure(ProblemCode.NOT_THERE, "It is gone.");
        start();
        portal.await(order.id(), progress -> progress.status() == Status.FAILED);
        assertThat(handler.reserved).containsExactly(order.id());
        assertThat(handler.released).containsExactly(order.id(), order.id());
    }

    /** It may be where there is only forward. */
    @Test
    void aRepeatedOrderThatIsNotWantedAnyMoreIsItsHandlersBusiness() throws Exception {
        var order = order(Duration.ofMinutes(1));
        start().told(List.of(order));
        portal.await(order.id(), progress -> progress.transfer() != null);
        commands.close();
        portal.cancelled = order.id();
        handler.heedsCancelling = false;
        start();
        assertThat(portal.await(order.id(), progress -> progress.status() == Status.DONE)
                        .step())
                .isEqualTo("went forward");
        assertThat(handler.released).hasSize(2);
    }

    @Test
    void whatMayNotBeRepeatedEndsAsInterrupted() throws Exception {
        var order = order(Duration.ofMinutes(1));
        start().told(List.of(order));
        portal.await(order.id(), progress -> progress.transfer() != null);
        var journal = Files.readString(directory.resolve("commands/" + order.id() + ".json"));
        commands.close();
        Files.writeString(directory.resolve("commands/" + order.id() + ".json"), journal);
        handler.repeats = false;
        start();
        var end = portal.await(order.id(), progress -> progress.status() == Status.FAILED);
        assertThat(end.problem().code()).isEqualTo(ProblemCode.INTERRUPTED);
        assertThat(handler.begun).isEqualTo(1);
    }

    /** The portal tells a host of an order again only when there is something else to tell. */
    @Test
    void anEndThatDoesNotArriveIsSaidAgainUntilItDoes() throws Exception {
        var order = order(Duration.ofMinutes(1));
        handler.goOn.countDown();
        portal.endsLost = 2;
        start().told(List.of(order));
        portal.await(order.id(), progress -> progress.status() == Status.DONE);
        assertThat(portal.endsLost).isZero();
        assertThat(handler.begun).isEqualTo(1);
    }

    @Test
    void theNextAgentSaysTheEndThatDidNotArriveAndOnlyThatOne() throws Exception {
        var order = order(Duration.ofMinutes(1));
        handler.goOn.countDown();
        portal.endsLost = Integer.MAX_VALUE;
        start().told(List.of(order));
        portal.awaitLost(1);
        commands.close();
        portal.endsLost = 0;
        start();
        assertThat(portal.await(order.id(), progress -> progress.status() == Status.DONE)
                        .result())
                .isEqualTo(new CommandResult.RolledBack("as told"));
        assertThat(handler.begun).isEqualTo(1);
        var journal = directory.resolve("commands/" + order.id() + ".json");
        Waiting.await("that it was told", SOON, () -> text(journal).contains("\"told\":true"));
        commands.close();
        portal.said.clear();
        start().told(List.of(order(SOON)));
        portal.await(order.id(), progress -> progress.status() == Status.DONE);
        assertThat(portal.said.stream().filter(progress -> progress.status() == Status.DONE))
                .hasSize(1);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void keysAreNotWrittenDown() throws Exception {
        var order = order(Duration.ofMinutes(1));
        handler.goOn.countDown();
        start().told(List.of(order));
        portal.await(order.id(), progress -> progress.status() == Status.DONE);
        assertThat(handler.input).isEqualTo(INPUT);
        assertThat(Files.readString(directory.resolve("commands/" + order.id() + ".json")))
                .doesNotContain("5ec7e7");
    }

    @Test
    void aFailureCarriesItsReason() throws Exception {
        handler.failure = new OrderFailure(ProblemCode.STORE_FULL, "Full. Make room.");
        var order = order(SOON);
        start().told(List.of(order));
        var end = portal.await(order.id(), progress -> progress.status() == Status.FAILED);
        assertThat(end.problem().code()).isEqualTo(ProblemCode.STORE_FULL);
        assertThat(end.problem().message()).isEqualTo("Full. Make room.");
    }

    /** Carries out by waiting. */
    private static final class Orders implements CommandHandler<HostCommand.RollBack> {
        private volatile CountDownLatch goOn = new CountDownLatch(1);
        private volatile OrderFailure failure;
        private volatile CommandInput input;
        private volatile boolean stopped;
        private volatile boolean repeats = true;
        private volatile boolean heedsCancelling = true;
        private volatile int begun;
        private final List<UUID> reserved = new CopyOnWriteArrayList<>();
        private final List<UUID> released = new CopyOnWriteArrayList<>();

        @Override
        public void reserve(HostCommand.RollBack command, Map<String, String> notes) {
            reserved.add(command.id());
        }

        @Override
        public void release(HostCommand.RollBack command) {
            released.add(command.id());
        }

        @Override
        public Class<HostCommand.RollBack> type() {
            return HostCommand.RollBack.class;
        }

        @Override
        public Set<UUID> exclusive(HostCommand.RollBack command) {
            return Set.of(command.vmId());
        }

        @Override
        public boolean repeats() {
            return repeats;
        }

        @Override
        public Outcome carryOut(HostCommand.RollBack command, Order order)
                throws OrderFailure, IOException, InterruptedException {
            begun++;
            if (!heedsCancelling) {
                return new Outcome("went forward", new CommandResult.RolledBack("as told"));
            }
            if (failure != null) {
                throw failure;
            }
            input = order.input();
            var before = order.notes().get("far");
            order.note("far", "half");
            order.progress(40, "copying", new Transfer(10, 100, 5));
            var waits = goOn;
            try (var over = order.whenOver(() -> {
                stopped = true;
                waits.countDown();
            })) {
                if (!waits.await(20, TimeUnit.SECONDS)) {
                    throw new IOException("the test forgot it");
                }
            }
            order.check();
            return new Outcome(
                    order.repeated() ? "repeated after " + before : "done", new CommandResult.RolledBack("as told"));
        }
    }

    private static final class FakeDesk implements CommandPortal {
        private final List<CommandProgress> said = new ArrayList<>();
        private volatile UUID cancelled;
        private volatile int endsLost;
        private int lost;

        @Override
        public synchronized boolean progress(UUID command, CommandProgress progress) throws IOException {
            if (progress.status() != Status.RUNNING && endsLost > 0) {
                endsLost--;
                lost++;
                notifyAll();
                throw new IOException("the portal answered 503");
            }
            said.add(progress);
            notifyAll();
            return !command.equals(cancelled);
        }

        @Override
        public Optional<CommandInput> input(UUID command) {
            return command.equals(cancelled) ? Optional.empty() : Optional.of(INPUT);
        }

        @Override
        public void output(UUID command, InputStream bytes, Duration deadline) {
            throw new UnsupportedOperationException();
        }

        synchronized void awaitLost(int many) throws InterruptedException {
            while (lost < many) {
                wait(SOON.toMillis());
            }
        }

        synchronized CommandProgress await(UUID command, Predicate<CommandProgress> condition)
                throws InterruptedException {
            var end = Instant.now().plus(SOON);
            while (true) {
                var found = said.stream().filter(condition).findFirst();
                if (found.isPresent()) {
                    return found.get();
                }
                long left = Duration.between(Instant.now(), end).toMillis();
                if (left <= 0) {
                    throw new AssertionError("order " + command + " did not say so: " + said);
                }
                wait(left);
            }
        }
    }
}
