package cloud.freehold.agent.storage;

import cloud.freehold.agent.common.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code qemu-img} on volumes that QEMU has had in its hands. As QEMU's user: an image that a QEMU has tampered with, so that it names other files, opens
 * none that this QEMU could not have opened itself.
 */
public final class ImageTool {
    private static final Duration DEADLINE = Duration.ofMinutes(2);

    private final String qemuUser;

    public ImageTool(String qemuUser) {
        this.qemuUser = qemuUser;
    }

    /** Nobody has the volume open for writing. */
    public ImageInfo info(Path volume) throws IOException {
        return ImageInfo.parse(run("info", "--output=json", "-f", "qcow2", volume.toString()));
    }

    public String run(String... arguments) throws IOException {
        for (var argument : arguments) {
            if (argument.startsWith("/")) {
                giveToQemu(Path.of(argument));
            }
        }
        var command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(arguments));
        return Tool.run(DEADLINE, ChildProcess.command(Optional.of(qemuUser), true, command));
    }

    public void giveToQemu(Path file) throws IOException {
        Files.setOwner(
                file, file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(qemuUser));
    }
}
