package cloud.freehold.agent.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import cloud.freehold.agent.TestConfig;
import cloud.freehold.agent.command.FakeOrder;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.libvirt.DomainMark;
import cloud.freehold.agent.libvirt.DomainSpec;
import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.HypervisorException.Kind;
import cloud.freehold.agent.libvirt.VmDisks;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.agent.storage.ImageCache;
import cloud.freehold.agent.storage.Pools;
import cloud.freehold.agent.storage.VmFiles;
import cloud.freehold.api.command.HostCommand.MirrorVolume;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The moment when QEMU goes over to the copy, and libvirt does not say whether it has; real moves are in SnapshotIntegrationTest. */
class MirrorHandlerTest {
    private static final UUID RUN = UUID.randomUUID();

    @TempDir
    Path directory;

    private final MirrorVolume command = new MirrorVolume(
            UUID.randomUUID(), Instant.now().plusSeconds(60), UUID.randomUUID(), UUID.randomUUID(), "other", 0);
    private final FakeOrder order = new FakeOrder();
    private final FakeDisks disks = new FakeDisks();
    private MirrorHandler handler;
    private Path volume;
    private Path copy;
    private boolean isOn = true;

    /** As an agent leaves it that dies when the path leads to the copy, and QEMU has not gone over. */
    @BeforeEach
    void goingOver() throws Exception {
        var pools = new Pools(directory.resolve("default"), Map.of("other", directory.resolve("other")));
        var files = new VmFiles(
                pools, new ImageCache(directory.resolve("images"), (sum, from, to) -> {}), Clock.systemUTC());
        handler = new MirrorHandler(new BackupHost(
                TestConfig.load(),
                () -> Desired.NOTHING,
                hypervisor(),
                null,
                files,
                new DiskUse(),
                vm -> {},
                () -> false,
                Clock.systemUTC()));
        volume = files.volume(command.vmId(), command.volumeId());
        Files.createDirectories(volume.getParent());
        Files.writeString(volume, "original");
        copy = pools.place("other", command.vmId(), command.volumeId())
                .orElseThrow()
                .resolveSibling(
                        command.volumeId() + "-" + command.id().toString().substring(24) + ".qcow2");
        Files.writeString(copy, "copy");
        Files.createLink(volume.resolveSibling(command.volumeId() + "-before-moving.qcow2"), volume);
        order.note("present", volume.toString());
        order.note("going-over", RUN.toString());
        Pools.link(volume, copy);
        disks.file = volume;
        disks.hasJob = true;
    }

    @Test
    void triesAgainUntilLibvirtTellsWhereQemuIs() throws Exception {
        disks.answers.add(() -> {
            throw new HypervisorException(Kind.UNAVAILABLE, "libvirt is away");
        });
        disks.answers.add(() -> {
            throw new HypervisorException(Kind.TIMED_OUT, "no answer");
        });
        disks.answers.add(disks::goOver);
        handler.carryOut(command, order);
        assertMoved();
    }

    @Test
    void hasMovedWhenQemuWentOverWithoutAWord() throws Exception {
        disks.answers.add(() -> {
            disks.goOver();
            throw new HypervisorException(Kind.TIMED_OUT, "no answer");
        });
        handler.carryOut(command, order);
        assertMoved();
    }

    /** Else the VM would start from the copy the next time, without what it writes from now on. */
    @Test
    void isNotCancelledInBetween() throws Exception {
        disks.answers.add(() -> {
            order.cancel();
            throw new HypervisorException(Kind.UNAVAILABLE, "libvirt is away");
        });
        disks.answers.add(disks::goOver);
        handler.carryOut(command, order);
        assertMoved();
    }

    @Test
    void endsWhereItIsWhenTheVmGoesOff() throws Exception {
        disks.answers.add(() -> {
            isOn = false;
            disks.hasJob = false;
            throw new HypervisorException(Kind.WRONG_STATE, "the VM is off");
        });
        handler.carryOut(command, order);
        assertMoved();
    }

    /** It may have gone over, and the guest may have written there, before it died. */
    @Test
    void endsAtTheCopyWhenQemuDiesOnItsWayThere() throws Exception {
        disks.answers.add(() -> {
            isOn = false;
            disks.hasJob = false;
            throw new HypervisorException(Kind.REFUSED, "Unable to read from monitor: Connection reset by peer");
        });
        handler.carryOut(command, order);
        assertMoved();
    }

    @Test
    void turnsBackWhenQemuRefuses() throws Exception {
        disks.answers.add(() -> {
            throw new HypervisorException(Kind.REFUSED, "no");
        });
        assertThatExceptionOfType(HypervisorException.class).isThrownBy(() -> handler.carryOut(command, order));
        assertThat(volume).isRegularFile().hasContent("original");
        assertThat(copy).doesNotExist();
        assertThat(disks.hasJob).isFalse();
        assertThat(order.notes()).doesNotContainKey("going-over");
    }

    @Test
    void copiesTheVolumeOfAVmThatIsOff() throws Exception {
        neverBegun();
        isOn = false;
        handler.carryOut(command, order);
        assertThat(volume.toRealPath()).isEqualTo(copy.toRealPath());
        assertThat(volume).hasContent("original");
    }

    @Test
    void aCancelledOneLeavesTheVolumeWhereItIs() throws Exception {
        neverBegun();
        isOn = false;
        order.cancel();
        assertThatExceptionOfType(OrderFailure.class).isThrownBy(() -> handler.carryOut(command, order));
        assertThat(volume).isRegularFile().hasContent("original");
        assertThat(copy).doesNotExist();
    }

    private void neverBegun() throws IOException {
        order.note("going-over", null);
        order.note("present", null);
        Files.move(
                volume.resolveSibling(command.volumeId() + "-before-moving.qcow2"),
                volume,
                StandardCopyOption.REPLACE_EXISTING);
        Files.delete(copy);
    }

    private void assertMoved() throws IOException {
        assertThat(volume.toRealPath()).isEqualTo(copy.toRealPath());
        assertThat(volume).hasContent("copy");
        try (var left = Files.list(volume.getParent())) {
            assertThat(left).containsExactly(volume);
        }
    }

    private Hypervisor hypervisor() {
        return (Hypervisor) Proxy.newProxyInstance(
                Hypervisor.class.getClassLoader(),
                new Class<?>[] {Hypervisor.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "disks" -> disks;
                    case "find" -> Optional.of(domain());
                    default -> throw new AssertionError(method);
                });
    }

    private Hypervisor.Domain domain() {
        return new Hypervisor.Domain(
                command.vmId(),
                isOn ? DomainState.RUNNING : DomainState.OFF,
                new DomainMark("it", RUN, 1, "", 64, Instant.EPOCH));
    }

    /** What happens when QEMU is to go over. */
    private interface Answer {
        void give() throws HypervisorException;
    }

    private final class FakeDisks implements VmDisks {
        private final Deque<Answer> answers = new ArrayDeque<>();
        private Path file;
        private boolean hasJob;

        private void goOver() {
            file = copy;
            hasJob = false;
        }

        @Override
        public List<Plugged> plugged(UUID vm) {
            return List.of(new Plugged("vdb", "ua-1", file));
        }

        @Override
        public Optional<Job> job(UUID vm, String target) {
            return hasJob ? Optional.of(new Job(1, 1)) : Optional.empty();
        }

        @Override
        public void pivot(UUID vm, String target) throws HypervisorException {
            answers.remove().give();
        }

        @Override
        public void endJob(UUID vm, String target) {
            hasJob = false;
        }

        @Override
        public void plug(DomainSpec spec, DomainSpec.Disk disk) {
            throw new AssertionError();
        }

        @Override
        public void unplug(UUID vm, String alias) {
            throw new AssertionError();
        }

        @Override
        public void beginPull(UUID vm, String target, long bytesPerSecond) {
            throw new AssertionError();
        }

        @Override
        public void beginMirror(UUID vm, String target, Path to, long bytesPerSecond) {
            throw new AssertionError();
        }
    }
}
