package cloud.freehold.agent.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.command.FakeOrder;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.StoreRef;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class StoreProcessTest {
    private static final Conversation.Patience IMPATIENT =
            new Conversation.Patience(Duration.ofMillis(500), Duration.ofMillis(500));

    private final FakeOrder order = new FakeOrder();
    private final List<StoreProcess.Progress> heard = new ArrayList<>();

    @TempDir
    Path directory;

    private JsonNode run(String script) throws Exception {
        return run(script, heard::add);
    }

    private JsonNode run(String script, StoreProcess.Listener listener) throws Exception {
        return run(script, listener, Conversation.PATIENCE);
    }

    private JsonNode run(String script, StoreProcess.Listener listener, Conversation.Patience patience)
            throws Exception {
        var program = Files.writeString(directory.resolve("store"), "#!/bin/bash\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        var properties = new Properties();
        properties.setProperty("freehold.agent.portal-url", "https://localhost");
        properties.setProperty("freehold.agent.store-program", program.toString());
        var config = AgentConfig.load(Optional.empty(), properties);
        var store = new StoreRef(UUID.randomUUID(), StoreRef.Kind.DIRECTORY, "/store", null, null, null, null);
        var job = StoreJob.of("backup", order.id(), UUID.randomUUID(), store, order.input());
        return new StoreProcess(config, patience).run(job, order, listener);
    }

    @Test
    void tellsTheJobOnStandardInputAndHearsProgressAndResult() throws Exception {
        var result = run("""
                echo '{"progress":{"done":1,"total":4,"added":2}}'
                job=$(cat)
                [[ $job == *'"path":"/store"'* && $1 == backup && $# == 1 ]] && ! env | grep -q 0000 &&
                  echo '{"result":{"volumes":[]}}'""");
        assertThat(result.path("volumes").isArray()).isTrue();
        assertThat(heard).containsExactly(new StoreProcess.Progress(1, 4, 2));
    }

    @Test
    void aFailureBecomesTheTenants() {
        assertThatExceptionOfType(StoreProcess.Failed.class)
                .isThrownBy(() -> run("""
                        cat >/dev/null
                        echo '{"failure":{"code":"STORE_FULL","message":"no space","damages":[]}}'; exit 1"""))
                .satisfies(e -> assertThat(e.forTenant().code()).isEqualTo(ProblemCode.STORE_FULL));
    }

    @Test
    void whatDiesWithoutAWordFailsWithItsComplaints() {
        assertThatExceptionOfType(StoreProcess.Failed.class)
                .isThrownBy(() -> run("cat >/dev/null; echo 'cannot map memory' >&2; exit 1"))
                .withMessageContaining("cannot map memory")
                .satisfies(e -> assertThat(e.code()).isEqualTo("INTERNAL"));
    }

    @Test
    void whatIsKilledOnceIsDoneOnceMore() throws Exception {
        var result = run("""
                cat >/dev/null
                mkdir "$0.tried" && kill -9 $$
                echo '{"result":{"volumes":[]}}'""");
        assertThat(result.path("volumes").isArray()).isTrue();
    }

    @Test
    void whatIsKilledAgainFailsWithACodeOfItsOwn() {
        assertThatExceptionOfType(OrderFailure.class)
                .isThrownBy(() -> run("cat >/dev/null; echo 'cannot map memory' >&2; kill -9 $$"))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ProblemCode.PROGRAM_KILLED))
                .satisfies(e -> assertThat(e.getCause()).hasMessageContaining("cannot map memory"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "stop() { echo '{\"failure\":{\"code\":\"CANCELLED\"}}'; exit 1; }; trap stop TERM;",
                "trap '' TERM;"
            })
    void isEndedWhenItIsSilentWhateverItSaysThen(String atFirst) {
        assertThatExceptionOfType(StoreProcess.Failed.class)
                .isThrownBy(() -> run(atFirst + "cat >/dev/null; while :; do sleep 0.1; done", heard::add, IMPATIENT))
                .satisfies(e -> assertThat(e.forTenant().code()).isEqualTo(ProblemCode.STORE_UNAVAILABLE));
    }

    @Test
    void isEndedWhenTheOrderIsOver() {
        CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS).execute(order::cancel);
        long began = System.nanoTime();
        assertThatExceptionOfType(OrderFailure.class)
                .isThrownBy(() -> run("cat >/dev/null; exec sleep 30"))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ProblemCode.CANCELLED));
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void isEndedWhenItsListenerSaysSo() {
        assertThatExceptionOfType(OrderFailure.class)
                .isThrownBy(() -> run(
                        "cat >/dev/null; echo '{\"progress\":{\"done\":1,\"total\":4}}'; exec sleep 30", progress -> {
                            throw new OrderFailure(ProblemCode.HOST_CAPACITY, "No room.");
                        }))
                .withMessage("No room.");
    }
}
