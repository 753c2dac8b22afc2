package cloud.freehold.agent.storage;

import cloud.freehold.agent.common.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** That a VM goes on from a snapshot with memory at its next start, and how that went; beside its volumes. */
public final class Continuation {
    private final Path wanted;
    private final Path failed;

    Continuation(Path directory) {
        this.wanted = directory.resolve("continue-from");
        this.failed = directory.resolve("not-continued");
    }

    /** @param snapshot its name in the first volume */
    public void want(String snapshot) throws IOException {
        Files.deleteIfExists(failed);
        DurableFiles.write(wanted, snapshot.getBytes(StandardCharsets.UTF_8));
    }

    public Optional<String> wanted() throws IOException {
        return Files.exists(wanted) ? Optional.of(Files.readString(wanted)) : Optional.empty();
    }

    /** It went on. Left over, it would take the disks back at some later start. */
    public void done() throws IOException {
        if (Files.deleteIfExists(wanted)) {
            DurableFiles.syncDirectory(wanted.getParent());
        }
    }

    /** Its disks are of another moment now. */
    public void forget() throws IOException {
        Files.deleteIfExists(failed);
        done();
    }

    /** It could not go on: the next start is an ordinary one. */
    public void failed() throws IOException {
        Files.move(wanted, failed, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Whether the last try failed. */
    public boolean hasFailed() {
        return Files.exists(failed);
    }
}
