package cloud.freehold.agent.backup;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.common.ChildProcess;
import cloud.freehold.agent.common.UnixStream;
import cloud.freehold.agent.storage.ImageTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** {@code qemu-nbd} for volumes that no QEMU has open: as QEMU's user, so that an image which a QEMU has tampered with reads no other files. */
final class NbdServers implements AutoCloseable {
    /** As many as freehold-store opens at once (MAX_CONNECTIONS in native/store/target.c); one more would wait for ever to be let in. */
    private static final String MOST_CONNECTIONS = "8";

    private static final Duration UP = Duration.ofSeconds(10);
    private static final Duration DOWN = Duration.ofSeconds(20);

    private final AgentConfig config;
    private final String name;
    private final List<Process> servers = new ArrayList<>();

    /** @param name of the order, makes the sockets' names */
    NbdServers(AgentConfig config, UUID name) {
        this.config = config;
        this.name = name.toString().substring(24);
    }

    /** @param bitmap null: none is shown */
    Exported read(Path volume, long sizeBytes, String bitmap) throws IOException, InterruptedException {
        var options = new ArrayList<>(List.of("--read-only"));
        if (bitmap != null) {
            options.addAll(List.of("--bitmap", bitmap));
        }
        return serve(volume, sizeBytes, bitmap, options);
    }

    Exported write(Path volume, long sizeBytes) throws IOException, InterruptedException {
        return serve(
                volume,
                sizeBytes,
                null,
                List.of("--cache", "writeback", "--discard", "unmap", "--detect-zeroes", "unmap"));
    }

    private Exported serve(Path volume, long sizeBytes, String bitmap, List<String> options)
            throws IOException, InterruptedException {
        var socket = config.socketsDir().resolve("nbd-" + name + "-" + servers.size());
        Files.deleteIfExists(socket);
        var program = new ArrayList<>(List.of(
                "qemu-nbd",
                "--format",
                "qcow2",
                "--socket",
                socket.toString(),
                "--export-name",
                "disk",
                "--persistent",
                "--shared",
                MOST_CONNECTIONS));
        program.addAll(options);
        program.add(volume.toString());
        new ImageTool(config.qemuUser()).giveToQemu(volume);
        var server = ChildProcess.builder(ChildProcess.command(Optional.of(config.qemuUser()), true, program))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        servers.add(server);
        awaitUp(server, socket);
        StoreProcess.letIn(config, socket);
        return Exported.at(socket, "disk", sizeBytes, bitmap);
    }

    private static void awaitUp(Process server, Path socket) throws IOException, InterruptedException {
        long end = System.nanoTime() + UP.toNanos();
        while (!UnixStream.answers(socket)) {
            if (server.waitFor(20, TimeUnit.MILLISECONDS)) {
                throw new IOException("qemu-nbd ended with " + server.exitValue() + " instead of serving " + socket);
            }
            if (System.nanoTime() > end) {
                throw new IOException("qemu-nbd does not serve " + socket + " within " + UP.toSeconds() + " s");
            }
        }
    }

    /** Ends them without delay. */
    void kill() {
        servers.forEach(Process::destroyForcibly);
    }

    /** Ends them; what was written is on the disk then. */
    @Override
    public void close() throws IOException {
        servers.forEach(Process::destroy);
        for (int i = 0; i < servers.size(); i++) {
            var server = servers.get(i);
            try {
                if (!server.waitFor(DOWN.toMillis(), TimeUnit.MILLISECONDS)) {
                    server.destroyForcibly();
                }
            } catch (InterruptedException e) {
                server.destroyForcibly();
                Thread.currentThread().interrupt();
            }
            Files.deleteIfExists(config.socketsDir().resolve("nbd-" + name + "-" + i));
        }
    }
}
