package cloud.freehold.agent.it;

import cloud.freehold.agent.common.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** What others copy the same disks of the same guest with. */
final class BackupPeers {
    private final BenchVm bench;
    private final String domain;
    private final Path copies;
    private final Path scratch;

    BackupPeers(BenchVm bench) throws IOException {
        this.bench = bench;
        this.domain = bench.rig.virsh("domname", bench.vm.id.toString()).strip();
        this.scratch = Files.createDirectories(bench.rig.directory.resolve("scratch"));
        // QEMU makes its socket there.
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxrwxrwx"));
        this.copies = Files.createDirectories(bench.rig.directory.resolve("converted"));
        forgetCheckpoints();
    }

    Path folder(String name) {
        return bench.rig.directory.resolve("virtnbdbackup-" + name);
    }

    /**
     * By libvirt's own backup of the domain that runs. It refuses to connect to a libvirtd that is not the system's, and so runs where the rig's is.
     *
     * @param more what it is called with, as its level
     */
    void virtnbdbackup(String folder, String... more) {
        var command =
                new ArrayList<>(List.of("nsenter", "--mount", "--target", Long.toString(bench.rig.libvirtdPid())));
        command.addAll(List.of(
                "virtnbdbackup", "-d", domain, "-n", "-o", folder(folder).toString()));
        command.addAll(List.of(
                "-S", scratch.toString(), "-f", scratch.resolve("socket").toString()));
        command.addAll(List.of(more));
        run(command);
    }

    void virtnbdrestore(String folder, Path to) {
        run(List.of("virtnbdrestore", "-i", folder(folder).toString(), "-o", to.toString()));
    }

    /** As our store's program runs by default: after everything else. */
    private static void run(List<String> command) {
        var said = Shell.run("", ChildProcess.inTheBackground(command));
        if (said.status() != 0) {
            throw new AssertionError(String.join(" ", command) + " failed: " + lastLine(said.text()));
        }
    }

    private static String lastLine(String text) {
        return text.strip().replaceFirst("(?s).*\n", "");
    }

    /** Of earlier backups, so that one into a new folder is the first. Restoring has taken their bitmaps away, and libvirt does not know of it. */
    private void forgetCheckpoints() throws IOException {
        for (var checkpoint :
                bench.rig.virsh("checkpoint-list", domain, "--name").split("\\s+")) {
            if (!checkpoint.isEmpty()) {
                bench.rig.virsh("checkpoint-delete", domain, checkpoint);
                bench.rig.virsh("checkpoint-delete", domain, checkpoint, "--metadata");
            }
        }
    }

    /** Of files that a guest writes to: not of one moment. */
    void convert() {
        for (var volume : List.of(bench.vm.boot, bench.vm.data)) {
            var to = copies.resolve(volume + ".qcow2").toString();
            run(List.of("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "qcow2", bench.file(volume), to));
        }
    }

    void convertBack(Path to) {
        for (var volume : List.of(bench.vm.boot, bench.vm.data)) {
            var from = copies.resolve(volume + ".qcow2").toString();
            var back = to.resolve(volume + ".qcow2").toString();
            run(List.of("qemu-img", "convert", "-f", "qcow2", "-O", "qcow2", from, back));
        }
    }

    Path copies() {
        return copies;
    }
}
