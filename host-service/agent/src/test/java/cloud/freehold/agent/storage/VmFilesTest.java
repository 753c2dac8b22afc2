package cloud.freehold.agent.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.agent.Objects;
import cloud.freehold.agent.common.Json;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.desired.DesiredImage;
import cloud.freehold.api.desired.DesiredImage.ImageFile;
import cloud.freehold.api.desired.DesiredImage.Role;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.desired.PowerState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the real qemu-img. */
class VmFilesTest {
    private static final Duration SHORT = Duration.ofSeconds(20);
    private final UUID vm = UUID.randomUUID();
    private final UUID volume = UUID.randomUUID();
    private final Clock clock = Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC);
    private Path images;
    private Path vms;
    private VmFiles files;

    @TempDir
    Path directory;

    @BeforeEach
    void open() throws Exception {
        images = Files.createDirectories(directory.resolve("images"));
        vms = directory.resolve("vms");
        files = files(clock);
    }

    private VmFiles files(Clock at) throws Exception {
        return new VmFiles(vms, new ImageCache(images, (sha256, from, file) -> {}), at);
    }

    private ImageFile seed(Role role, Path file) throws Exception {
        var sha256 = ImageCache.sha256(file);
        Files.copy(file, images.resolve(sha256));
        return new ImageFile(role, sha256, Files.size(file));
    }

    private DesiredVm vm(long size, ImageFile... imageFiles) {
        return vm(PowerState.RUNNING, size, imageFiles);
    }

    private DesiredVm vm(PowerState power, long size, ImageFile... imageFiles) {
        return new DesiredVm(
                vm,
                1,
                Objects.TENANT,
                "vm",
                power,
                1,
                1,
                256,
                256,
                new DesiredImage(UUID.randomUUID(), "image", List.of(imageFiles), "quiet"),
                List.of(new DesiredVolume(volume, "boot", 0, size, DesiredVolume.Origin.IMAGE, null)));
    }

    private Path raw() throws Exception {
        return Files.write(directory.resolve("disk.raw"), new byte[1 << 20]);
    }

    @Test
    void aVolumeIsTheImageGrownToItsSize() throws Exception {
        var kernel = Files.writeString(directory.resolve("kernel"), "a kernel");
        var wanted = vm(4 << 20, seed(Role.DISK, raw()), seed(Role.KERNEL, kernel));
        assertThat(files.arePrepared(wanted)).isFalse();
        files.prepare(wanted);
        assertThat(files.arePrepared(wanted)).isTrue();
        var info = Json.MAPPER.readTree(Tool.run(
                SHORT,
                List.of(
                        "qemu-img",
                        "info",
                        "--output=json",
                        files.volume(vm, volume).toString())));
        assertThat(info.path("format").asString()).isEqualTo("qcow2");
        assertThat(info.path("virtual-size").asLong()).isEqualTo(4 << 20);
        assertThat(info.has("backing-filename")).isFalse();
        assertThat(files.bootFile(vm, wanted.image(), Role.KERNEL).orElseThrow())
                .hasContent("a kernel");
        assertThat(files.vms()).containsExactly(vm);
    }

    @Test
    void aKernelIsCopiedOnceTheVmIsToRun() throws Exception {
        var image = new ImageFile[] {
            seed(Role.DISK, raw()), seed(Role.KERNEL, Files.writeString(directory.resolve("kernel"), "a kernel"))
        };
        var off = vm(PowerState.STOPPED, 4 << 20, image);
        files.prepare(off);
        assertThat(files.arePrepared(off)).isTrue();
        assertThat(files.bootFile(vm, off.image(), Role.KERNEL).orElseThrow()).doesNotExist();
        var on = vm(4 << 20, image);
        assertThat(files.arePrepared(on)).isFalse();
        files.prepare(on);
        assertThat(files.bootFile(vm, on.image(), Role.KERNEL).orElseThrow()).exists();
    }

    @Test
    void whatIsThereIsNeverWrittenAgain() throws Exception {
        var wanted = vm(4 << 20, seed(Role.DISK, raw()));
        files.prepare(wanted);
        Files.writeString(files.volume(vm, volume), "the guest's data");
        files.prepare(wanted);
        assertThat(files.volume(vm, volume)).hasContent("the guest's data");
    }

    @Test
    void anImageThatNamesAnotherFileIsRefused() throws Exception {
        var evil = directory.resolve("evil.qcow2");
        Tool.run(
                SHORT,
                List.of(
                        "qemu-img",
                        "create",
                        "-q",
                        "-f",
                        "qcow2",
                        "-F",
                        "raw",
                        "-b",
                        "/etc/hostname",
                        evil.toString(),
                        "1M"));
        var wanted = vm(4 << 20, seed(Role.DISK, evil));
        assertThatThrownBy(() -> files.prepare(wanted)).hasMessageContaining("refers to other files");
        assertThat(files.volume(vm, volume)).doesNotExist();
    }

    @Test
    void anImageLargerThanTheVolumeIsRefused() throws Exception {
        var wanted = vm(1 << 19, seed(Role.DISK, raw()));
        assertThatThrownBy(() -> files.prepare(wanted)).isInstanceOfSatisfying(StorageException.class, e -> {
            assertThat(e.code()).isEqualTo(ProblemCode.HYPERVISOR_REFUSED);
            assertThat(e.forTenant()).contains("make it larger");
        });
    }

    @Test
    void aHostWithoutRoomSaysSo() throws Exception {
        var wanted = vm(1L << 60, seed(Role.DISK, raw()));
        assertThatThrownBy(() -> files.prepare(wanted))
                .isInstanceOfSatisfying(
                        StorageException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.HOST_CAPACITY));
    }

    @Test
    void disksThatNobodySaidToDeleteAreKeptForADay() throws Exception {
        files.prepare(vm(4 << 20, seed(Role.DISK, raw())));
        files.setAside(vm);
        assertThat(files.vms()).isEmpty();
        files(Clock.offset(clock, Duration.ofHours(23))).purge();
        assertThat(filesBelow(vms)).anySatisfy(path -> assertThat(path).contains(volume.toString()));
        files(Clock.offset(clock, Duration.ofHours(25))).purge();
        assertThat(filesBelow(vms)).noneSatisfy(path -> assertThat(path).contains(volume.toString()));
    }

    private static List<String> filesBelow(Path root) throws Exception {
        var found = new ArrayList<String>();
        try (var all = Files.walk(root)) {
            all.map(Path::toString).forEach(found::add);
        }
        return found;
    }

    @Test
    void aConsoleDoesNotGrowForEver() throws Exception {
        Files.createDirectories(files.console(vm).getParent());
        Files.write(files.console(vm), new byte[5 << 20]);
        files.boundConsole(vm);
        assertThat(files.console(vm)).isEmptyFile();
        assertThat(files.console(vm).resolveSibling("console.log.1")).hasSize(5 << 20);
    }
}
