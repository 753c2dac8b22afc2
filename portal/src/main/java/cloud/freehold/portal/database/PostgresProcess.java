package cloud.freehold.portal.database;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The running server. Linux sends the parent-death signal when the <em>thread</em> that started the process ends, so
 * one thread lives exactly as long as the server shall: letting it end is also how the server is stopped (SIGINT, a
 * fast and clean shutdown).
 */
final class PostgresProcess {

    private static final int STATUS_LINE = 7;
    private static final long POLL_MILLIS = 10;

    private final Process process;
    private final CountDownLatch stop;

    private PostgresProcess(Process process, CountDownLatch stop) {
        this.process = process;
        this.stop = stop;
    }

    static PostgresProcess start(List<String> command, EmbeddedPostgresFiles files, Duration limit) throws IOException {
        CompletableFuture<Process> started = new CompletableFuture<>();
        CountDownLatch stop = new CountDownLatch(1);
        Thread parent = new Thread(() -> launchAndStay(command, files.log(), started, stop), "postgres-parent");
        parent.setDaemon(true);
        parent.start();
        PostgresProcess running;
        try {
            running = new PostgresProcess(started.get(limit.toSeconds(), TimeUnit.SECONDS), stop);
        } catch (ExecutionException | TimeoutException e) {
            stop.countDown();
            throw new IOException("PostgreSQL could not be started; see " + files.log(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while starting PostgreSQL", e);
        }
        running.awaitReady(files, limit);
        return running;
    }

    private static void launchAndStay(
            List<String> command, Path log, CompletableFuture<Process> started, CountDownLatch stop) {
        try {
            started.complete(new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start());
            stop.await();
        } catch (IOException e) {
            started.completeExceptionally(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitReady(EmbeddedPostgresFiles files, Duration limit) throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        while (!isReady(files.data())) {
            if (!process.isAlive() || System.nanoTime() > end) {
                stop.countDown();
                throw new IOException("PostgreSQL did not become ready; see " + files.log());
            }
            EmbeddedPostgres.sleep(POLL_MILLIS);
        }
    }

    private boolean isReady(Path data) throws IOException {
        List<String> lines = pidFile(data);
        return lines.size() > STATUS_LINE
                && lines.get(0).trim().equals(Long.toString(process.pid()))
                && lines.get(STATUS_LINE).trim().equals("ready");
    }

    private static List<String> pidFile(Path data) throws IOException {
        Path file = data.resolve("postmaster.pid");
        try {
            return Files.readAllLines(file);
        } catch (java.nio.file.NoSuchFileException notYet) {
            return List.of();
        }
    }

    /** After a kill of the portal its server is still shutting down; starting another meanwhile would fail. */
    static void awaitEndOfPrevious(Path data, Duration limit) throws IOException {
        List<String> lines = pidFile(data);
        if (lines.isEmpty()) {
            return;
        }
        long pid = Long.parseLong(lines.get(0).trim());
        long end = System.nanoTime() + limit.toNanos();
        while (servesFrom(pid, data)) {
            if (System.nanoTime() > end) {
                throw new IOException("The previous PostgreSQL (process " + pid + ") still uses " + data
                        + ". Stop that process and start again.");
            }
            EmbeddedPostgres.sleep(POLL_MILLIS);
        }
        // Left behind by a crash: PostgreSQL itself would refuse to start when the number is in use by another program.
        Files.deleteIfExists(data.resolve("postmaster.pid"));
    }

    private static boolean servesFrom(long pid, Path data) {
        Path commandLine = Path.of("/proc", Long.toString(pid), "cmdline");
        try {
            return Files.readString(commandLine).contains(data.toString());
        } catch (IOException gone) {
            return false;
        }
    }

    /** Returns whether the server ended within the limit. */
    boolean stop(Duration limit) {
        stop.countDown();
        return awaitEnd(limit);
    }

    void kill() {
        process.destroyForcibly();
    }

    /** Also when it is told to stop. Not on the thread that noticed, whose stack is tiny. */
    void onExit(Runnable action) {
        process.onExit().thenRunAsync(() -> {
            stop.countDown();
            action.run();
        });
    }

    private boolean awaitEnd(Duration limit) {
        try {
            return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    static void runToEnd(List<String> command, Path log, Duration limit) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new IOException(command.get(0) + " did not finish within " + limit + "; see " + log);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while preparing PostgreSQL", e);
        }
        if (process.exitValue() != 0) {
            throw new IOException("Preparing PostgreSQL failed (exit " + process.exitValue() + "); see " + log);
        }
    }

    /** PostgreSQL refuses to run as root; an empty user namespace is enough for it to see another user. */
    static List<String> unprivileged() {
        return "root".equals(System.getProperty("user.name")) ? List.of("unshare", "-U") : List.of();
    }
}
