package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a point really holds, against what it promises. */
final class RestoredPoint {
    private static final int CLEAN = 0;

    /** Restores both disks and looks at each record in them. */
    static void check(Rig rig, TestStore store, WritingVm vm, BackupTaken point) throws IOException {
        var boot = restore(store, vm, point, vm.boot);
        var data = restore(store, vm, point, vm.data);
        var filesystem = Files.createTempFile(rig.directory, "part-", ".img");
        var records = Files.createTempFile(rig.directory, "records-", ".bin");
        try {
            Shell.run("dd", "if=" + boot, "of=" + filesystem, "bs=1M", "skip=1", "conv=sparse", "status=none");
            checkFilesystem(filesystem, point.certificate().achieved());
            Shell.run("debugfs", "-R", "dump /records " + records, filesystem.toString());
            checkRecords(
                    rig,
                    records,
                    data,
                    vm.acknowledged.safeBefore(point.certificate().at()));
        } finally {
            for (var file : List.of(boot, data, filesystem, records)) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static Path restore(TestStore store, WritingVm vm, BackupTaken point, java.util.UUID volume)
            throws IOException {
        var stored = point.volumes().stream()
                .filter(one -> one.root().volumeId().equals(volume))
                .findFirst()
                .orElseThrow();
        return store.restore(vm, stored.root());
    }

    /** A frozen file system is clean as it is, any other one after its journal was replayed. */
    private static void checkFilesystem(Path image, Consistency achieved) {
        if (achieved != Consistency.FILESYSTEM) {
            Shell.run("", List.of("e2fsck", "-fy", "-E", "journal_only", image.toString()));
        }
        var said = Shell.run("", List.of("e2fsck", "-fn", image.toString()));
        assertThat(said.status()).as(said.text()).isEqualTo(CLEAN);
        assertThat(said.text()).doesNotContain("recovering journal");
    }

    private static void checkRecords(Rig rig, Path first, Path second, long safe) {
        var lines = Shell.run(rig.guest.writer().toString(), "check", first.toString(), second.toString())
                .strip()
                .split("\n");
        long lastOfFirst = last(lines[0]);
        long lastOfSecond = last(lines[1]);
        assertThat(safe).as("records known to be safe before the point").isPositive();
        assertThat(lastOfFirst).as("the file's last record").isGreaterThanOrEqualTo(safe);
        assertThat(lastOfSecond).as("the raw disk's last record").isGreaterThanOrEqualTo(safe);
        assertThat(lastOfFirst - lastOfSecond).as("disks of one moment").isBetween(0L, 1L);
    }

    /** And no torn one. */
    private static long last(String line) {
        var words = line.split(" ");
        assertThat(words[2]).as("torn records in " + line).isEqualTo("0");
        return Long.parseLong(words[1]);
    }

    private RestoredPoint() {}
}
