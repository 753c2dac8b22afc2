package cloud.freehold.agent.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that is run to its end, with a deadline. */
public final class Tool {
    private static final int SAID_AT_MOST = 100_000;
    private static final long LOOK_AGAIN_MS = 100;

    /** What is to be done while a program runs; what it throws kills the program. */
    public interface Meanwhile<E extends Exception> {
        void look() throws E;
    }

    /** @return its standard output and error together */
    public static String run(Duration deadline, List<String> command) throws IOException {
        return run(deadline, command, deadline, () -> {});
    }

    /**
     * @param every how long to wait between looks
     * @return its standard output and error together
     */
    public static <E extends Exception> String run(
            Duration deadline, List<String> command, Duration every, Meanwhile<E> meanwhile) throws IOException, E {
        var output = Files.createTempFile("freehold-agent-", ".out");
        try {
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(new java.io.File("/dev/null"))
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended;
            try {
                long end = System.nanoTime() + deadline.toNanos();
                while (!(ended = process.waitFor(every.toMillis(), TimeUnit.MILLISECONDS)) && System.nanoTime() < end) {
                    meanwhile.look();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(command.get(0) + " was interrupted", e);
            } finally {
                process.destroyForcibly();
            }
            var said = said(output);
            if (!ended) {
                throw new IOException(command.get(0) + " did not end within " + deadline.toSeconds() + " s: " + said);
            }
            if (process.exitValue() != 0) {
                throw new IOException(command.get(0) + " failed with " + process.exitValue() + ": " + said);
            }
            return said;
        } finally {
            Files.deleteIfExists(output);
        }
    }

    /** What a program says until it says {@code enough}, ends, or the deadline passes; then it is killed. */
    public static String output(Duration deadline, List<String> command, String enough) throws IOException {
        var output = Files.createTempFile("freehold-agent-", ".out");
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(new java.io.File("/dev/null"))
                .redirectOutput(output.toFile())
                .start();
        try {
            long end = System.nanoTime() + deadline.toNanos();
            String said;
            boolean over;
            do {
                over = process.waitFor(LOOK_AGAIN_MS, TimeUnit.MILLISECONDS) || System.nanoTime() > end;
                said = Files.readString(output, StandardCharsets.ISO_8859_1);
            } while (!over && !said.contains(enough));
            return said;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(command.get(0) + " was interrupted", e);
        } finally {
            process.destroyForcibly();
            Files.deleteIfExists(output);
        }
    }

    private static String said(java.nio.file.Path output) throws IOException {
        try (var in = Files.newInputStream(output)) {
            return new String(in.readNBytes(SAID_AT_MOST), StandardCharsets.UTF_8).strip();
        }
    }

    private Tool() {}
}
