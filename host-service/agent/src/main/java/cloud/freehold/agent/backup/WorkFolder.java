package cloud.freehold.agent.backup;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.storage.FileTrees;
import cloud.freehold.agent.storage.ImageTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A folder for what a throwaway guest needs as long as it runs: images and sockets. QEMU's user owns it; nobody else but root looks in. */
final class WorkFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkFolder.class);

    private final Path path;

    private WorkFolder(Path path) {
        this.path = path;
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
        new ImageTool(config.qemuUser()).giveToQemu(path);
        return new WorkFolder(path);
    }

    /** Of an agent that died: whoever used them died with it. */
    static void sweep(AgentConfig config) throws IOException {
        FileTrees.delete(all(config));
    }

    Path file(String name) {
        return path.resolve(name);
    }

    @Override
    public void close() {
        try {
            FileTrees.delete(path);
        } catch (IOException e) {
            LOG.warn("{} cannot be removed and is left until the next start: {}", path, e.getMessage());
        }
    }
}
