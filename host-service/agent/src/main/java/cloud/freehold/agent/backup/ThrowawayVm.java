package cloud.freehold.agent.backup;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.common.ChildProcess;
import cloud.freehold.agent.common.UnixStream;
import cloud.freehold.agent.storage.ImageTool;
import cloud.freehold.api.backup.VolumeRoot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A QEMU that is no VM of anybody's: a child of the agent's, dead with it at the latest, without a network unless one is made for it, with disks that read from a
 * point and write to a file that goes with it.
 */
final class ThrowawayVm implements AutoCloseable {
    /** Of what a QEMU says that ends early. */
    private static final int MOST_WORDS = 500;

    private static final Duration UP = Duration.ofSeconds(60);

    /** Of what a guest writes to one disk: it is nobody's quota, and may not fill the host's file system. */
    private static final long MOST_WRITTEN_GIB = 4;

    /** What a process that outgrows its largest file ends with: 128 + SIGXFSZ. */
    private static final int FILE_TOO_LARGE = 153;

    /**
     * @param initrd null: none
     * @param prefix what QEMU runs in, as a network of its own; empty: nothing
     * @param more devices
     */
    record Shape(
            boolean kvm,
            int vcpus,
            long memoryMib,
            Path kernel,
            Path initrd,
            String commandLine,
            List<String> prefix,
            List<String> more) {}

    /** What became of one that does not answer. */
    enum Fate {
        KILLED,
        /** Its guest has switched itself off, as a kernel does that has found no way on. */
        ENDED_BY_ITSELF,
        /** It runs, or has said in its log what was wrong. */
        OTHER
    }

    private final WorkFolder folder;
    private final PointServer server;
    private final Path said;
    /** Another thread may end it. */
    private volatile Process qemu;

    private ThrowawayVm(WorkFolder folder, PointServer server) throws IOException {
        this.folder = folder;
        this.server = server;
        this.said = folder.beside("log");
    }

    /** Shows the volumes of a point to it; it does not run yet. */
    static ThrowawayVm prepare(AgentConfig config, StoreJob job, List<VolumeRoot> volumes)
            throws IOException, InterruptedException {
        var folder = WorkFolder.make(config);
        PointServer server = null;
        try {
            var socket = folder.file("point");
            server = PointServer.start(config, socket, job, volumes, false);
            var tool = new ImageTool(config.qemuUser());
            for (int i = 0; i < volumes.size(); i++) {
                // There before qemu-img is, which runs as QEMU's user and is given it.
                Files.createFile(disk(folder, i));
                tool.run(
                        "create",
                        "-q",
                        "-f",
                        "qcow2",
                        "-b",
                        PointServer.uri(socket, volumes.get(i)),
                        "-F",
                        "raw",
                        disk(folder, i).toString(),
                        Long.toString(volumes.get(i).sizeBytes()));
            }
            return new ThrowawayVm(folder, server);
        } catch (IOException | InterruptedException e) {
            boolean killed = e instanceof IOException && server != null && server.wasKilled();
            if (server != null) {
                server.close();
            }
            folder.close();
            if (killed) {
                throw new KilledException("what shows a point was killed: " + e.getMessage(), e);
            }
            throw e;
        }
    }

    private static Path disk(WorkFolder folder, int index) {
        return folder.file("disk-" + index + ".qcow2");
    }

    Path file(String name) {
        return folder.file(name);
    }

    /** See {@link WorkFolder#beside}. */
    Path beside(String name) throws IOException {
        return folder.beside(name);
    }

    /** See {@link WorkFolder#copy}. */
    Path copy(String name, Path original) throws IOException {
        return folder.copy(name, original);
    }

    void start(AgentConfig config, Shape shape, int disks) throws IOException {
        var command = new ArrayList<>(shape.prefix());
        command.addAll(ChildProcess.command(Optional.of(config.qemuUser()), true, arguments(config, shape, disks)));
        qemu = ChildProcess.builder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
    }

    private List<String> arguments(AgentConfig config, Shape shape, int disks) {
        var all = new ArrayList<>(List.of(
                "prlimit",
                "--fsize=" + (MOST_WRITTEN_GIB << 30),
                config.emulator(),
                "-nodefaults",
                "-no-user-config",
                "-no-reboot",
                "-display",
                "none",
                "-machine",
                "q35,accel=" + (shape.kvm() ? "kvm" : "tcg"),
                "-cpu",
                shape.kvm() ? "host" : "max,la57=off",
                "-smp",
                Integer.toString(shape.vcpus()),
                "-m",
                Long.toString(shape.memoryMib()),
                "-sandbox",
                "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
                "-device",
                "virtio-serial-pci"));
        if (shape.kernel() != null) {
            all.addAll(List.of("-kernel", shape.kernel().toString(), "-append", shape.commandLine()));
            if (shape.initrd() != null) {
                all.addAll(List.of("-initrd", shape.initrd().toString()));
            }
        }
        for (int i = 0; i < disks; i++) {
            all.addAll(List.of(
                    "-drive",
                    "if=none,format=qcow2,cache=unsafe,discard=unmap,id=disk" + i + ",file="
                            + disk(folder, i).toString().replace(",", ",,"),
                    "-device",
                    "virtio-blk-pci,drive=disk" + i + (i == 0 ? ",bootindex=1" : "")));
        }
        all.addAll(shape.more());
        return all;
    }

    /** A port in the guest; the agent connects to the socket of that name. */
    List<String> port(String socket, String name) {
        return List.of(
                "-chardev",
                "socket,id=" + socket + ",server=on,wait=off,path="
                        + folder.file(socket).toString().replace(",", ",,"),
                "-device",
                "virtserialport,chardev=" + socket + ",name=" + name);
    }

    /** Whether its disks can be read still: what shows the point ends when the store hangs. */
    boolean hasItsPoint() {
        return server.isAlive();
    }

    boolean isAlive() {
        return qemu != null && qemu.isAlive();
    }

    /**
     * Of one that was started. False: its guest has switched itself off.
     *
     * @throws IOException QEMU failed
     */
    boolean runs() throws IOException {
        if (!qemu.isAlive() && qemu.exitValue() != 0) {
            throw failure();
        }
        return qemu.isAlive();
    }

    /** Of one that does not answer any more, and may only just be ending. */
    Fate fate() throws InterruptedException {
        if (qemu == null || !qemu.waitFor(1, TimeUnit.SECONDS) || qemu.exitValue() == FILE_TOO_LARGE) {
            return Fate.OTHER;
        }
        if (qemu.exitValue() == 0) {
            return Fate.ENDED_BY_ITSELF;
        }
        return KilledException.isMeantBy(qemu.exitValue()) ? Fate.KILLED : Fate.OTHER;
    }

    private IOException failure() throws IOException {
        if (qemu.exitValue() == FILE_TOO_LARGE) {
            return new IOException("the throwaway VM wrote more than " + MOST_WRITTEN_GIB + " GiB to a disk");
        }
        try (var in = Files.newInputStream(said)) {
            var words = "QEMU ended with " + qemu.exitValue() + ": "
                    + new String(in.readNBytes(MOST_WORDS), StandardCharsets.ISO_8859_1).strip();
            return KilledException.isMeantBy(qemu.exitValue()) || server.wasKilled()
                    ? new KilledException(words, null)
                    : new IOException(words);
        }
    }

    long pid() {
        return qemu.pid();
    }

    /** QEMU listens. */
    void awaitUp(String socket) throws IOException, InterruptedException {
        long end = System.nanoTime() + UP.toNanos();
        while (!UnixStream.answers(folder.file(socket))) {
            if (qemu.waitFor(20, TimeUnit.MILLISECONDS)) {
                throw failure();
            }
            if (System.nanoTime() > end) {
                throw new IOException("QEMU does not come up within " + UP.toSeconds() + " s");
            }
        }
    }

    @Override
    public void close() {
        if (qemu != null) {
            qemu.destroyForcibly();
            try {
                qemu.waitFor(5, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        server.close();
        folder.close();
    }
}
