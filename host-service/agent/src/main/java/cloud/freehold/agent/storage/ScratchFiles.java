package cloud.freehold.agent.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * Where QEMU keeps what a guest overwrites while somebody reads its disks as they were. Empty images at first; how far they grow depends on the guest.
 */
public final class ScratchFiles {
    private static final String SUFFIX = ".scratch";

    private final VmFiles files;
    private final String qemuUser;

    public ScratchFiles(VmFiles files, String qemuUser) {
        this.files = files;
        this.qemuUser = qemuUser;
    }

    /** Owned by QEMU's user. */
    public Path create(UUID vm, UUID volume, long sizeBytes) throws IOException {
        var file = files.directory(vm).resolve(volume + SUFFIX);
        Files.deleteIfExists(file);
        Tool.run(
                VmFiles.QUICK,
                List.of("qemu-img", "create", "-q", "-f", "qcow2", file.toString(), Long.toString(sizeBytes)));
        new ImageTool(qemuUser).giveToQemu(file);
        return file;
    }

    /** All of a VM's. */
    public void delete(UUID vm) {
        try (var entries = Files.newDirectoryStream(files.directory(vm), "*" + SUFFIX)) {
            for (var entry : entries) {
                Files.deleteIfExists(entry);
            }
        } catch (IOException e) {
            // The VM is gone, and its files with it; or they are deleted before the next backup.
        }
    }
}
