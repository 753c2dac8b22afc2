package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.agent.common.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Remembers over restarts that a guest switched itself off: libvirt forgets the reason when it is restarted, and a VM
 * that its user shut down must not come back by itself.
 */
final class PowerMemory {
    /** @param revision the VM's revision then: a newer one means that the tenant wants something again */
    private record LeftOff(long revision) {}

    private final Path directory;

    PowerMemory(Path directory) throws IOException {
        this.directory = DurableFiles.privateDirectory(directory);
    }

    private Path file(UUID vm) {
        return directory.resolve(vm + ".json");
    }

    /** 0: it did not. */
    long leftOffAtRevision(UUID vm) {
        try {
            return Files.exists(file(vm))
                    ? Json.MAPPER
                            .readValue(Files.readAllBytes(file(vm)), LeftOff.class)
                            .revision()
                    : 0;
        } catch (IOException | tools.jackson.core.JacksonException e) {
            return 0;
        }
    }

    void leftOff(UUID vm, long revision) throws IOException {
        DurableFiles.write(file(vm), Json.MAPPER.writeValueAsBytes(new LeftOff(revision)));
    }

    void forget(UUID vm) throws IOException {
        Files.deleteIfExists(file(vm));
    }
}
