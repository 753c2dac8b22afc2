package cloud.freehold.agent.backup;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.storage.FileTrees;
import cloud.freehold.agent.storage.ImageTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder for what a throwaway guest needs as long as it runs: images and sockets. QEMU's user owns it, so that a QEMU which its guest has taken over could put a
 * link to any file of the host into it: the agent, which may read all of them, reads only what lies {@link #beside} it.
 */
final class WorkFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkFolder.class);

    private final Path path;
    private final ImageTool qemu;
    private final List<Path> beside = new ArrayList<>();

    private WorkFolder(Path path, ImageTool qemu) {
        this.path = path;
        this.qemu = qemu;
    }

    private static Path all(AgentConfig config) {
        return config.vmsDir().resolve(".work");
    }

    static WorkFolder make(AgentConfig config) throws IOException {
        var all = Files.createDirectories(all(config));
        Files.setPosixFilePermissions(all, PosixFilePermissions.fromString("rwx--x--x"));
        // Short: sockets lie in it, whose paths may not be long.
        var path =
                Files.createDirectory(all.resolve(UUID.randomUUID().toString().substring(24)));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
        var qemu = new ImageTool(config.qemuUser());
        qemu.giveToQemu(path);
        return new WorkFolder(path, qemu);
    }

    /** Of an agent that died: whoever used them died with it. */
    static void sweep(AgentConfig config) throws IOException {
        FileTrees.delete(all(config));
    }

    Path file(String name) {
        return path.resolve(name);
    }

    /** A new file that QEMU may write to but not replace. */
    synchronized Path beside(String name) throws IOException {
        var file = Files.createFile(
                path.resolveSibling(path.getFileName() + "." + name),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        beside.add(file);
        qemu.giveToQemu(file);
        return file;
    }

    /** A copy that QEMU may read, and no more than that, wherever the original lies: its user may not come there. */
    synchronized Path copy(String name, Path original) throws IOException {
        var file = path.resolveSibling(path.getFileName() + "." + name);
        beside.add(file);
        Files.copy(original, file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        return file;
    }

    @Override
    public synchronized void close() {
        try {
            FileTrees.delete(path);
            for (var file : beside) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            LOG.warn("{} cannot be removed and is left until the next start: {}", path, e.getMessage());
        }
    }
}
