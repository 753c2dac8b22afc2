package cloud.freehold.agent.snapshot;

import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.storage.VmFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Which snapshots a VM has, one file each beside its volumes. */
final class SnapshotBook {
    /**
     * @param volumes the first one holds the memory
     * @param memoryBytes 0: disks alone
     * @param shape of the VM: its memory fits only the same
     */
    record Entry(UUID snapshotId, List<UUID> volumes, long memoryBytes, String shape) {
        /** In the volumes. */
        String name() {
            return SnapshotBook.name(snapshotId);
        }
    }

    private static final String PREFIX = "fh-";

    private final VmFiles files;

    SnapshotBook(VmFiles files) {
        this.files = files;
    }

    static String name(UUID snapshot) {
        return PREFIX + snapshot;
    }

    static boolean isOurs(String name) {
        return name.startsWith(PREFIX);
    }

    private Path directory(UUID vm) {
        return files.directory(vm).resolve("snapshots");
    }

    private Path file(UUID vm, UUID snapshot) {
        return directory(vm).resolve(snapshot + ".json");
    }

    Optional<Entry> find(UUID vm, UUID snapshot) throws IOException {
        var file = file(vm, snapshot);
        return Files.exists(file)
                ? Optional.of(Json.MAPPER.readValue(Files.readAllBytes(file), Entry.class))
                : Optional.empty();
    }

    List<Entry> all(UUID vm) throws IOException {
        if (!Files.isDirectory(directory(vm))) {
            return List.of();
        }
        var all = new ArrayList<Entry>();
        try (var files = Files.list(directory(vm))) {
            // One that ends otherwise was not written to its end.
            for (var file :
                    files.filter(each -> each.toString().endsWith(".json")).toList()) {
                all.add(Json.MAPPER.readValue(Files.readAllBytes(file), Entry.class));
            }
        }
        return all;
    }

    void write(UUID vm, Entry entry) throws IOException {
        DurableFiles.privateDirectory(directory(vm));
        DurableFiles.write(file(vm, entry.snapshotId()), Json.MAPPER.writeValueAsBytes(entry));
    }

    void strike(UUID vm, UUID snapshot) throws IOException {
        Files.deleteIfExists(file(vm, snapshot));
    }
}
