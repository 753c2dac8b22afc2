package cloud.freehold.agent.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import cloud.freehold.agent.Objects;
import cloud.freehold.agent.TestConfig;
import cloud.freehold.agent.command.FakeOrder;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.agent.storage.ImageCache;
import cloud.freehold.agent.storage.VmFiles;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.HostCommand.RollBack;
import cloud.freehold.api.desired.PowerState;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
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
    private VmFiles files;
    private Desired desired = Desired.NOTHING;
    private Consumer<UUID> onKick = vm -> {};

    @BeforeEach
    void start() throws Exception {
        var clock = Clock.systemUTC();
        files = new VmFiles(directory, new ImageCache(directory.resolve("images"), (sum, from, to) -> {}), clock);
        handler = new RollBackHandler(new SnapshotHost(
                TestConfig.load(),
                () -> desired,
                allOff(),
                null,
                files,
                diskUse,
                vm -> null,
                vm -> {
                    kicked.add(vm);
                    onKick.accept(vm);
                },
                clock));
    }

    private static Hypervisor allOff() {
        return (Hypervisor) Proxy.newProxyInstance(
                Hypervisor.class.getClassLoader(), new Class<?>[] {Hypervisor.class}, (self, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("find");
                    return Optional.empty();
                });
    }

    /** With the real qemu-img. */
    @Test
    void whatTheGuestWritesOnceItIsBackIsKeptWhenTheAgentDiesThen() throws Exception {
        var disk = snapshotted();
        var order = new FakeOrder();
        onKick = vm -> {
            throw new IllegalStateException("the agent dies when the VM may start");
        };
        assertThatIllegalStateException().isThrownBy(() -> handler.carryOut(command, order));
        run("qemu-io", "-f", "qcow2", "-c", "write -P 7 0 64k", disk.toString());
        onKick = vm -> {};
        handler.reserve(command, order.notes());
        assertThat(diskUse.wanted(command.vmId())).isEmpty();
        assertThat(handler.carryOut(command, order).step()).isEqualTo("the VM is put back");
        assertThat(run("qemu-io", "-f", "qcow2", "-c", "read -P 7 0 64k", disk.toString()))
                .doesNotContain("Pattern verification failed");
    }

    /** Its start would take all disks to that other snapshot. */
    @Test
    void forgetsThatItWasToGoOnFromAnotherSnapshotWithMemory() throws Exception {
        snapshotted();
        var continuation = files.continuation(command.vmId());
        continuation.want("fh-another");
        handler.carryOut(command, new FakeOrder());
        assertThat(continuation.wanted()).isEmpty();
    }

    @Test
    void nothingIsLeftOfSnapshotsWhoseDisksWereReplaced() throws Exception {
        var disk = snapshotted();
        files.continuation(command.vmId()).want("fh-another");
        var config = TestConfig.load();
        LostSnapshots.remove(files, config, command.vmId());
        LostSnapshots.remove(files, config, command.vmId());
        assertThat(new SnapshotBook(files).all(command.vmId())).isEmpty();
        assertThat(files.continuation(command.vmId()).wanted()).isEmpty();
        assertThat(run("qemu-img", "snapshot", "-l", disk.toString())).doesNotContain("fh-");
    }

    private Path snapshotted() throws Exception {
        var told = Objects.vm("vm", 1, PowerState.STOPPED);
        desired = new Desired(
                null,
                1,
                Map.of(command.vmId(), told),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Set.of());
        var volume = told.volumes().get(0).id();
        var disk = files.volume(command.vmId(), volume);
        Files.createDirectories(disk.getParent());
        run("qemu-img", "create", "-q", "-f", "qcow2", disk.toString(), "1M");
        run("qemu-img", "snapshot", "-c", SnapshotBook.name(command.snapshotId()), disk.toString());
        new SnapshotBook(files)
                .write(command.vmId(), new SnapshotBook.Entry(command.snapshotId(), List.of(volume), 0, ""));
        return disk;
    }

    private static String run(String... command) throws Exception {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
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
