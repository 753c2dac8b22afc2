package cloud.freehold.agent.snapshot;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.storage.VmFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.UUID;

/** The snapshots of a VM of which a volume was replaced by another: what is left of them is of no use. */
public final class LostSnapshots {

    /** Removes what is left, in volumes that no QEMU has open; as often as it may be. */
    public static void remove(VmFiles files, AgentConfig config, UUID vm) throws IOException {
        var book = new SnapshotBook(files);
        var stopped = new StoppedDisks(config);
        for (var entry : book.all(vm)) {
            for (var volume : entry.volumes()) {
                if (Files.exists(files.volume(vm, volume))) {
                    stopped.delete(files.volume(vm, volume), entry.name());
                }
            }
            book.strike(vm, entry.snapshotId());
        }
        files.continuation(vm).forget();
    }

    private LostSnapshots() {}
}
