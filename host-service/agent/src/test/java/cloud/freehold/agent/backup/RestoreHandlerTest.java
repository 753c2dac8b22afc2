package cloud.freehold.agent.backup;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.Waiting;
import cloud.freehold.agent.command.FakeOrder;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.agent.storage.ImageCache;
import cloud.freehold.agent.storage.VmFiles;
import cloud.freehold.api.backup.StoreRef;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.HostCommand.RestoreVolumes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Restored volumes on their way into their places; RestoreIntegrationTest has the rest. */
class RestoreHandlerTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private final DiskUse diskUse = new DiskUse();
    private final FakeOrder order = new FakeOrder();
    private final UUID first = UUID.randomUUID();
    private final UUID second = UUID.randomUUID();
    private final StoreRef store =
            new StoreRef(UUID.randomUUID(), StoreRef.Kind.DIRECTORY, "/store", null, null, null, null);
    private final RestoreVolumes command = new RestoreVolumes(
            UUID.randomUUID(),
            Instant.now().plusSeconds(60),
            UUID.randomUUID(),
            UUID.randomUUID(),
            store,
            List.of(new VolumeRoot(first, "a", 1), new VolumeRoot(second, "b", 1)),
            false,
            0);
    private RestoreHandler handler;
    private VmFiles files;

    @BeforeEach
    void start() throws Exception {
        var properties = new Properties();
        properties.setProperty("freehold.agent.portal-url", "https://localhost");
        var clock = Clock.systemUTC();
        files = new VmFiles(directory, new ImageCache(directory.resolve("images"), (sum, from, to) -> {}), clock);
        Files.createDirectories(files.directory(command.vmId()));
        handler = new RestoreHandler(new BackupHost(
                AgentConfig.load(Optional.empty(), properties),
                () -> Desired.NOTHING,
                null,
                null,
                files,
                diskUse,
                vm -> {},
                () -> false,
                clock));
    }

    private Path volume(UUID volume) {
        return files.volume(command.vmId(), volume);
    }

    private Path restored(UUID volume) throws Exception {
        return Files.writeString(volume(volume).resolveSibling(volume + ".qcow2.restoring"), "new");
    }

    @Test
    void aSwapThatTheDiskRefusesInItsMiddleIsRepeatedUntilItIsDoneAndNoVmStartsBefore() throws Exception {
        Files.writeString(volume(first), "old");
        restored(first);
        restored(second);
        // No file can be renamed to a folder.
        Files.createDirectory(volume(second));
        order.note("start-waits", "yes");
        order.note("swapping", "begun");
        handler.reserve(command, order.notes());
        order.cancel();
        var end = CompletableFuture.supplyAsync(() -> {
            try {
                return handler.carryOut(command, order);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        Waiting.await("the refusal", SOON, () -> end.isDone() || order.step != null && order.step.contains("waits"));
        assertThat(end).isNotDone();
        assertThat(diskUse.wanted(command.vmId())).hasValue("its volumes are being restored");
        assertThat(volume(first)).hasContent("new");
        Files.delete(volume(second));
        assertThat(end.get(SOON.toSeconds(), TimeUnit.SECONDS).step()).isEqualTo("the volumes are back");
        assertThat(volume(second)).hasContent("new");
        assertThat(diskUse.wanted(command.vmId())).isEmpty();
        try (var left = Files.list(files.directory(command.vmId()))) {
            assertThat(left).containsExactlyInAnyOrder(volume(first), volume(second));
        }
    }
}
