package cloud.freehold.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** A supervised process of the instance. */
enum Part {
    PORTAL,
    AGENT,
    DATAPLANE,
    LIBVIRTD;

    private static final Duration STOP = Duration.ofSeconds(40);

    /** As {@code kill -9} does; the supervisor starts it again. Returns once the process is gone. */
    void kill() {
        ProcessHandle process = process().orElseThrow(() -> new IllegalStateException(this + " does not run"));
        process.destroyForcibly();
        Await.until(this + " is gone", Duration.ofSeconds(10), () -> !process.isAlive());
    }

    /** Stops it, until {@link #start()}. */
    void stop() {
        launcher("stop");
    }

    void start() {
        launcher("start");
    }

    void awaitRunning() {
        Await.until(this + " runs", Duration.ofSeconds(30), () -> process().isPresent());
    }

    Optional<ProcessHandle> process() {
        try {
            String pid = Files.readString(Instance.run().resolve(fileName() + ".pid"))
                    .strip();
            return ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The end of its log, for a failure's message. */
    String log() {
        try {
            var lines = Files.readAllLines(Instance.state().resolve("log").resolve(fileName() + ".log"));
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void launcher(String verb) {
        Command.run(STOP, Instance.launcher().resolve("part").toString(), verb, fileName());
    }

    private String fileName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
