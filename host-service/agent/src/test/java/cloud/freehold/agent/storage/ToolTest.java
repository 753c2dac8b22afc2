package cloud.freehold.agent.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ToolTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir
    Path directory;

    @Test
    void givesWhatTheProgramSaid() throws IOException {
        assertThat(Tool.run(LONG, List.of("echo", "hello"))).isEqualTo("hello");
    }

    @Test
    void saysWhatAFailingProgramSaid() {
        assertThatIOException()
                .isThrownBy(() -> Tool.run(LONG, List.of("sh", "-c", "echo no room; exit 3")))
                .withMessageContaining("failed with 3: no room");
    }

    @Test
    void endsAProgramThatDoesNot() {
        assertThatIOException()
                .isThrownBy(() -> Tool.run(Duration.ofMillis(50), List.of("sleep", "60")))
                .withMessageContaining("did not end");
    }

    /** As the cancellation of an order does. */
    @Test
    void endsAProgramWhenWhoLooksHasEnough() throws IOException {
        var pid = directory.resolve("pid");
        assertThatExceptionOfType(TimeoutException.class)
                .isThrownBy(() -> Tool.run(
                        LONG, List.of("sh", "-c", "echo $$ >" + pid + "; exec sleep 60"), Duration.ofMillis(10), () -> {
                            if (Files.exists(pid) && !readString(pid).isBlank()) {
                                throw new TimeoutException();
                            }
                        }));
        long number = Long.parseLong(Files.readString(pid).strip());
        ProcessHandle.of(number).ifPresent(left -> left.onExit().join());
    }

    private static String readString(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }
}
