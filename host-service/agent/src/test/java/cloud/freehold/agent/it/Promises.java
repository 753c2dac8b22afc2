package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import java.io.IOException;

/** What a point of each level has to be. */
final class Promises {
    static void check(Rig rig, TestStore store, WritingVm vm, BackupTaken point, Consistency level) throws IOException {
        var certificate = point.certificate();
        assertThat(certificate.achieved()).isEqualTo(level);
        assertThat(certificate.reason()).isNull();
        assertThat(certificate.disks()).hasSize(2).allSatisfy(disk -> check(disk, level));
        RestoredPoint.check(rig, store, vm, point);
    }

    private static void check(Certificate.Disk disk, Consistency level) {
        if (level != Consistency.CRASH) {
            assertThat(disk.writesDuring()).isZero();
        }
        if (level == Consistency.BARRIER) {
            assertThat(disk.writesSinceFlush() == 0 || disk.quietMillis() >= 1000)
                    .as("at a barrier or at rest: %s", disk)
                    .isTrue();
        }
    }

    private Promises() {}
}
