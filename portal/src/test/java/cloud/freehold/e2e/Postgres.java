package cloud.freehold.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;

/** The server that the portal runs for itself, and starts again. */
final class Postgres {

    private static final String PID_FILE = "postmaster.pid";

    private Postgres() {}

    /** As {@code kill -9} does. */
    static void kill() {
        ProcessHandle server =
                ProcessHandle.of(pid()).orElseThrow(() -> new IllegalStateException("no PostgreSQL runs"));
        server.destroyForcibly();
        Await.until("PostgreSQL is gone", Duration.ofSeconds(10), () -> !server.isAlive());
    }

    private static long pid() {
        try (var files = Files.walk(Instance.state().resolve("postgres"), 2)) {
            var file = files.filter(each -> each.endsWith(PID_FILE)).findFirst().orElseThrow();
            return Long.parseLong(Files.readAllLines(file).get(0).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
