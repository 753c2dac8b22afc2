package cloud.freehold.agent.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import cloud.freehold.agent.common.Threads;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MonitorSocketTest {
    private static final String GREETING = "{\"QMP\":{\"version\":{}}}\n";

    @TempDir
    Path directory;

    private ServerSocketChannel server;
    private Path path;

    @BeforeEach
    void listen() throws IOException {
        path = directory.resolve("q");
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path));
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    /** @param answer to each line, after the capabilities; null: none */
    private MonitorSocket connect(UnaryOperator<String> answer) throws HypervisorException {
        Threads.start("qemu", () -> {
            try (var peer = server.accept()) {
                var lines = new BufferedReader(
                        new InputStreamReader(Channels.newInputStream(peer), StandardCharsets.UTF_8));
                say(peer, GREETING);
                say(peer, "{\"return\":{},\"id\":\"" + id(lines.readLine()) + "\"}\n");
                for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                    var said = answer.apply(line);
                    if (said != null) {
                        say(peer, said.replace("ID", id(line)) + "\n");
                    }
                }
            } catch (IOException e) {
                // The test is over.
            }
        });
        return MonitorSocket.open(path);
    }

    private static void say(java.nio.channels.SocketChannel peer, String text) throws IOException {
        peer.write(StandardCharsets.UTF_8.encode(text));
    }

    private static String id(String line) {
        return line.replaceAll(".*\"id\":\"([^\"]*)\".*", "$1");
    }

    @Test
    void findsItsAnswerBetweenEventsAndOtherAnswers() throws Exception {
        try (var monitor = connect(line -> "{\"event\":\"STOP\",\"id\":\"x\"}\n{\"return\":1,\"id\":\"other\"}\n"
                + "{\"return\":{\"status\":\"running\"},\"id\":\"ID\"}")) {
            assertThat(monitor.ask("query-status").path("status").asString()).isEqualTo("running");
            assertThat(monitor.ask("query-status").path("status").asString()).isEqualTo("running");
        }
    }

    @Test
    void aRefusalIsOneAndMayBeIgnored() throws Exception {
        try (var monitor =
                connect(line -> "{\"error\":{\"class\":\"GenericError\",\"desc\":\"no such node\"},\"id\":\"ID\"}")) {
            assertThatExceptionOfType(HypervisorException.class)
                    .isThrownBy(() -> monitor.ask("blockdev-del", Map.of("node-name", "x")))
                    .withMessageContaining("no such node")
                    .satisfies(e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.REFUSED));
            monitor.tidy("blockdev-del", Map.of("node-name", "x"));
        }
    }

    @Test
    void silenceEndsAtTheDeadlineAndWithItTheConnection() throws Exception {
        try (var monitor = connect(line -> null)) {
            assertThatExceptionOfType(HypervisorException.class)
                    .isThrownBy(() -> monitor.ask("stop", null, Duration.ofMillis(100)))
                    .satisfies(e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.TIMED_OUT));
            assertThatExceptionOfType(HypervisorException.class).isThrownBy(() -> monitor.ask("cont"));
        }
    }

    @Test
    void nonsenseAndAHangUpAreTheEnd() throws Exception {
        try (var monitor = connect(line -> "I am not QEMU")) {
            assertThatExceptionOfType(HypervisorException.class)
                    .isThrownBy(() -> monitor.ask("query-status"))
                    .satisfies(e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.GONE));
        }
    }

    @Test
    void nobodyListening() {
        assertThatExceptionOfType(HypervisorException.class)
                .isThrownBy(() -> MonitorSocket.open(directory.resolve("none")))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.GONE));
    }
}
