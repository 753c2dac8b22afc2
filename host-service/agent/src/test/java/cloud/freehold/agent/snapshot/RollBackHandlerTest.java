package cloud.freehold.agent.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.command.FakeOrder;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.agent.storage.ImageCache;
import cloud.freehold.agent.storage.VmFiles;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.HostCommand.RollBack;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left of an interrupted roll-back; SnapshotIntegrationTest has those that come to their end. */
class RollBackHandlerTest {
    @TempDir
    Path directory;

    private final DiskUse diskUse = new DiskUse();
    private final List<UUID> kicked = new ArrayList<>();
    private final RollBack command =
            new RollBack(UUID.randomUUID(), Instant.now().plusSeconds(60), UUID.randomUUID(), UUID.randomUUID());
    private RollBackHandler handler;

    @BeforeEach
    void start() throws Exception {
        var clock = Clock.systemUTC();
        var properties = new Properties();
        properties.setProperty("freehold.agent.portal-url", "https://localhost");
        var files = new VmFiles(directory, new ImageCache(directory.resolve("images"), (sum, from, to) -> {}), clock);
        handler = new RollBackHandler(new SnapshotHost(
                AgentConfig.load(Optional.empty(), properties),
                () -> Desired.NOTHING,
                null,
                null,
                files,
                diskUse,
                vm -> null,
                kicked::add,
                clock));
    }

    @Test
    void oneThatHadBegunKeepsItsDisksUntilItEndsAndNoLonger() {
        handler.reserve(command, Map.of("begun", "yes"));
        assertThat(diskUse.wanted(command.vmId())).hasValue("it is being put back to a snapshot");
        assertThatExceptionOfType(OrderFailure.class)
                .isThrownBy(() -> handler.carryOut(command, new FakeOrder()))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ProblemCode.NOT_THERE));
        handler.release(command);
        assertThat(diskUse.wanted(command.vmId())).isEmpty();
        assertThat(kicked).containsExactly(command.vmId());
    }

    @Test
    void oneThatHadNotBegunKeepsNothing() {
        handler.reserve(command, Map.of());
        assertThat(diskUse.wanted(command.vmId())).isEmpty();
        handler.release(command);
        assertThat(kicked).isEmpty();
    }
}
