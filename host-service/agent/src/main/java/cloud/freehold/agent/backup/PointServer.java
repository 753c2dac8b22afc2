package cloud.freehold.agent.backup;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.common.ChildProcess;
import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.common.UnixStream;
import cloud.freehold.api.backup.VolumeRoot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Shows volumes of a point as read-only disks: nbdkit with the store's plugin. Each is an export of one server, named after the volume. What it needs to know comes
 * on its standard input. It makes its socket as the agent, in a folder of QEMU's user, and reads the store as the store's user.
 */
final class PointServer implements AutoCloseable {
    /** The note under which an order remembers its server. */
    static final String PID = "point-server";

    private static final Duration UP = Duration.ofSeconds(30);

    private final Process process;
    private final Path socket;

    private PointServer(Process process, Path socket) {
        this.process = process;
        this.socket = socket;
    }

    /**
     * @param outlives the agent, because a running VM reads from it
     * @param job of "serve", without volumes
     */
    static PointServer start(AgentConfig config, Path socket, StoreJob job, List<VolumeRoot> volumes, boolean outlives)
            throws IOException, InterruptedException {
        Files.deleteIfExists(socket);
        var exports = new ArrayList<Map<String, Object>>();
        for (var volume : volumes) {
            exports.add(Map.of(
                    "name", volume.volumeId().toString(),
                    "root", volume.root(),
                    "sizeBytes", volume.sizeBytes()));
        }
        var program = new ArrayList<String>();
        if (outlives) {
            program.add("setsid");
        }
        program.addAll(List.of(
                "nbdkit",
                "--foreground",
                "--readonly",
                "--unix",
                socket.toString(),
                "--threads",
                "8",
                config.storePlugin(),
                "jobfd=0"));
        if (outlives) {
            // Without structured replies QEMU does not ask what is zero. When it asks a server that is gone, its
            // copy-on-read (7.2) takes that for the end of the disk, and the guest reads zeros; the read itself fails
            // as it should, and is repeated.
            program.addAll(List.of("outlives=true", "--no-sr"));
        }
        config.storeUser().ifPresent(user -> program.addAll(List.of("--user", user, "--group", user)));
        var process = ChildProcess.builder(command(config, !outlives, program))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var in = process.getOutputStream()) {
            in.write(Json.MAPPER.writeValueAsBytes(job.with("volumes", exports).document()));
        }
        var server = new PointServer(process, socket);
        try {
            server.awaitUp(config);
        } catch (IOException | InterruptedException e) {
            server.close();
            throw e;
        }
        return server;
    }

    private static List<String> command(AgentConfig config, boolean diesWithTheAgent, List<String> program) {
        return config.storeUser().isPresent()
                ? ChildProcess.changingUser(diesWithTheAgent, program)
                : ChildProcess.command(Optional.empty(), diesWithTheAgent, program);
    }

    private void awaitUp(AgentConfig config) throws IOException, InterruptedException {
        long end = System.nanoTime() + UP.toNanos();
        while (!UnixStream.answers(socket)) {
            if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
                var what = "nbdkit ended with " + process.exitValue() + " instead of serving a point";
                throw KilledException.isMeantBy(process.exitValue())
                        ? new KilledException(what, null)
                        : new IOException(what);
            }
            if (System.nanoTime() > end) {
                throw new IOException("nbdkit does not serve a point within " + UP.toSeconds() + " s");
            }
        }
        // QEMU connects as another user.
        UnixStream.letIn(config.qemuUser(), socket);
    }

    static String uri(Path socket, VolumeRoot volume) {
        return Exported.uri(socket, volume.volumeId().toString());
    }

    /** Ends one that an agent before this one may have started. */
    static void end(Path socket, Map<String, String> notes) throws IOException {
        var pid = notes.get(PID);
        if (pid != null) {
            ProcessHandle.of(Long.parseLong(pid))
                    .filter(process -> isServer(process.pid(), socket))
                    .ifPresent(ProcessHandle::destroyForcibly);
        }
        Files.deleteIfExists(socket);
    }

    /** A process's number may be another's by now. */
    private static boolean isServer(long pid, Path socket) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1)
                    .contains(socket.toString());
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether it was killed; asked when somebody could not read from it, who may have noticed before we do. */
    boolean wasKilled() {
        try {
            return process.waitFor(1, TimeUnit.SECONDS) && KilledException.isMeantBy(process.exitValue());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            // The next one under that name removes it.
        }
    }
}
