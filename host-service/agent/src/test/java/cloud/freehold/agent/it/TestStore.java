package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.backup.StoreRef;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.HostCommand.BackupVm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;
import org.assertj.core.api.Assumptions;

/** A tenant's store in a folder, and orders on it as the portal would give them. */
final class TestStore {
    static final Duration PATIENCE = Orders.PATIENCE;
    private static final Random RANDOM = new Random(4711);

    final StoreRef ref;
    private final Rig rig;
    private final String key;
    private final Map<UUID, BackupVm.Source> latest = new HashMap<>();
    private final List<String> pinned = new ArrayList<>();
    /** By the order that they stay for. */
    private final Map<UUID, List<String>> pinnedFor = new HashMap<>();

    TestStore(Rig rig) throws IOException {
        Assumptions.assumeThat(Rig.STORE).exists();
        this.rig = rig;
        var path = Files.createDirectory(
                rig.directory.resolve("store-" + UUID.randomUUID()),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var users = path.getFileSystem().getUserPrincipalLookupService();
        Files.setOwner(path, users.lookupPrincipalByName(Rig.STORE_USER));
        this.ref = new StoreRef(UUID.randomUUID(), StoreRef.Kind.DIRECTORY, path.toString(), null, null, null, null);
        var bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        this.key = HexFormat.of().formatHex(bytes);
    }

    Path path() {
        return Path.of(ref.path());
    }

    CommandInput input() {
        return new CommandInput(key, null, null, List.copyOf(pinned), null, null);
    }

    BackupVm order(WritingVm vm, Consistency wanted, Consistency acceptable, long bytesPerSecond) {
        var order = new BackupVm(
                UUID.randomUUID(),
                Instant.now().plus(PATIENCE),
                vm.tenant.id,
                vm.id,
                UUID.randomUUID(),
                ref,
                List.of(source(vm.boot), source(vm.data)),
                wanted,
                acceptable,
                Orders.FREEZE_LIMIT_MILLIS,
                bytesPerSecond,
                0);
        rig.portal.commands().input(order.id(), input());
        pinnedFor.put(order.id(), List.copyOf(pinned));
        return order;
    }

    private BackupVm.Source source(UUID volume) {
        return latest.getOrDefault(volume, new BackupVm.Source(volume, null, null));
    }

    /** Orders it, and expects it to end well. */
    BackupTaken backup(WritingVm vm, Consistency wanted, Consistency acceptable) {
        var order = order(vm, wanted, acceptable, 0);
        rig.portal.command(order);
        return taken(order);
    }

    BackupTaken taken(BackupVm order) {
        var end = rig.portal.awaitEnd(order.id(), PATIENCE);
        assertThat(end.problem()).isNull();
        var taken = (BackupTaken) end.result();
        taken.volumes().forEach(volume -> {
            var id = volume.root().volumeId();
            latest.put(id, new BackupVm.Source(id, volume.root().root(), volume.checkpoint()));
            pinned.add(volume.root().root());
        });
        return taken;
    }

    /** The portal's tenant has removed it; not the latest, which the next one builds on. */
    void remove(BackupTaken point) {
        point.volumes().forEach(volume -> pinned.remove(volume.root().root()));
    }

    /** What garbage collection is told: all roots that live or are kept for those who are writing, and who that is. */
    CommandInput inputOfCollection(List<UUID> writers) {
        var live = new TreeSet<>(pinned);
        writers.forEach(writer -> live.addAll(pinnedFor.get(writer)));
        return new CommandInput(key, null, null, List.of(), List.copyOf(live), writers);
    }

    /** Brings a volume back beside everything else, by the store's program alone. */
    Path restore(WritingVm vm, VolumeRoot volume) throws IOException {
        var target = Files.createTempFile(rig.directory, "restored-", ".raw");
        Files.delete(target);
        var job = """
                {"store":{"kind":"DIRECTORY","path":"%s"},"tenant":"%s","key":"%s","command":"%s",
                 "volumes":[{"root":"%s","target":"%s","sizeBytes":%d}]}""".formatted(
                        ref.path(), vm.tenant.id, key, UUID.randomUUID(), volume.root(), target, volume.sizeBytes());
        var said = Shell.run(job, List.of(Rig.STORE.toString(), "restore"));
        assertThat(said.status()).as(said.text()).isZero();
        return target;
    }
}
