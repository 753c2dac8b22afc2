package cloud.freehold.testing;

import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

/** What a host brings that does everything well, with figures that a test can recognise. */
public final class FakeResults {
    public static final long ADDED = 1_000_000;
    public static final long DIRTY = 65_536;
    /** What is in every file. */
    public static final String HELLO = "hello";

    private static final long GIB = 1L << 30;
    /** One white pixel. */
    private static final String PNG =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=";

    private FakeResults() {}

    /** Null for commands that bring none. */
    public static CommandResult of(HostCommand command, HostModel model, CommandInput input) {
        if (command instanceof HostCommand.BackupVm backup) {
            return taken(backup, model);
        } else if (command instanceof HostCommand.VerifyPoints) {
            return new CommandResult.PointsVerified(GIB, 16_384, List.of());
        } else if (command instanceof HostCommand.CollectGarbage) {
            return new CommandResult.GarbageCollected(
                    ADDED, 10 * ADDED, input.openWriters().size(), 0);
        } else if (command instanceof HostCommand.DrillPoint) {
            return new CommandResult.DrillDone(true, 4_200, 3_800, "The guest agent answered.", PNG);
        } else if (command instanceof HostCommand.ListFiles list) {
            return listed(list.path());
        } else if (command instanceof HostCommand.TakeSnapshots snapshots) {
            return new CommandResult.SnapshotsTaken(snapshots.targets().stream()
                    .map(target -> new CommandResult.SnapshotsTaken.Taken(
                            target.snapshotId(),
                            certificate(snapshots.wanted()),
                            List.of(),
                            snapshots.withMemory() ? 256L << 20 : 0,
                            null))
                    .toList());
        } else if (command instanceof HostCommand.RollBack) {
            return new CommandResult.RolledBack("The next backup reads everything once.");
        }
        return null;
    }

    /** A disk with one partition; each of its folders holds a folder and a file. */
    private static CommandResult.FilesListed listed(String path) {
        var folder = new CommandResult.FilesListed.Entry(
                path.equals("/") ? "partition-1" : "etc", CommandResult.FilesListed.Kind.FOLDER, 4096, 1_700_000_000);
        var file = new CommandResult.FilesListed.Entry(
                "hello.txt", CommandResult.FilesListed.Kind.FILE, HELLO.length(), 1_700_000_000);
        return new CommandResult.FilesListed(path.equals("/") ? List.of(folder) : List.of(folder, file), false);
    }

    /** Everything is read when a volume has no base, else a little. */
    public static CommandResult.BackupTaken taken(HostCommand.BackupVm backup, HostModel model) {
        return new CommandResult.BackupTaken(
                certificate(backup.wanted()),
                backup.volumes().stream()
                        .map(source -> {
                            long size = size(backup, source.volumeId(), model);
                            boolean full = source.base() == null;
                            return new CommandResult.StoredVolume(
                                    new VolumeRoot(source.volumeId(), root(backup.pointId(), source.volumeId()), size),
                                    "cp-" + backup.pointId(),
                                    source.checkpoint() == null ? size : DIRTY,
                                    full ? ADDED : ADDED / 100,
                                    full ? 0 : size / 2,
                                    size / 2);
                        })
                        .toList());
    }

    /** Names a volume of a point in the store. */
    public static String root(UUID point, UUID volume) {
        return "fake1." + point + "." + volume;
    }

    public static Certificate certificate(cloud.freehold.api.backup.Consistency achieved) {
        return new Certificate(
                achieved,
                Instant.now(),
                achieved == cloud.freehold.api.backup.Consistency.FILESYSTEM ? 85L : null,
                12,
                1,
                List.of(new Certificate.Disk("vda", 1_234, 0, 0, 40)),
                "7.2.0",
                achieved == cloud.freehold.api.backup.Consistency.FILESYSTEM ? "7.2.0" : null,
                null);
    }

    public static byte[] screenshot() {
        return Base64.getDecoder().decode(PNG);
    }

    private static long size(HostCommand.BackupVm backup, UUID volume, HostModel model) {
        var vm = model.vms().get(backup.vmId());
        return vm == null
                ? GIB
                : vm.volumes().stream()
                        .filter(each -> each.id().equals(volume))
                        .mapToLong(each -> each.sizeBytes())
                        .findFirst()
                        .orElse(GIB);
    }
}
