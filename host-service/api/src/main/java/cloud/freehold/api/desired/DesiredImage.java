package cloud.freehold.api.desired;

import java.util.List;
import java.util.UUID;

/**
 * An image: a disk to copy, and optionally a kernel and initrd that the host boots directly.
 *
 * @param commandLine the kernel's, when booted directly
 */
public record DesiredImage(UUID id, String name, List<ImageFile> files, String commandLine) {

    /** @param sha256 lower-case hex; names the file in the host's cache and verifies it */
    public record ImageFile(Role role, String sha256, long sizeBytes) {}

    public enum Role {
        KERNEL,
        INITRD,
        /** raw or qcow2; becomes the boot volume's content */
        DISK
    }
}
