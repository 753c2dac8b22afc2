package cloud.freehold.agent.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import cloud.freehold.agent.TestConfig;
import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.HypervisorException.Kind;
import cloud.freehold.agent.libvirt.Monitor;
import cloud.freehold.agent.storage.ImageCache;
import cloud.freehold.agent.storage.VmFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class TargetTest {
    @TempDir
    Path directory;

    private static final UUID VM = UUID.randomUUID();
    private static final UUID VOLUME = UUID.randomUUID();

    private final List<Object> removed = new ArrayList<>();
    private boolean closed;
    private String disks = "[]";

    private final Monitor monitor = new Monitor() {
        @Override
        public JsonNode ask(String command, Map<String, ?> arguments, Duration deadline) {
            if (command.equals("snapshot-delete")) {
                removed.add(arguments.get("tag"));
            }
            return Json.MAPPER.readTree(
                    switch (command) {
                        case "query-block" -> disks;
                        case "query-jobs" -> "[{'id':'freehold-snapshot','status':'concluded'}]".replace('\'', '"');
                        default -> "[]";
                    });
        }

        @Override
        public void close() {
            closed = true;
        }
    };

    /** QEMU talks to one at a time: whoever came next would wait for ever. */
    @Test
    void leavesTheMonitorWhenAVolumeIsNotPlugged() throws IOException {
        var files = files();
        assertThatExceptionOfType(HypervisorException.class)
                .isThrownBy(() -> Target.running(files, VM, UUID.randomUUID(), List.of(VOLUME), monitor))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.WRONG_STATE));
        assertThat(closed).isTrue();
    }

    /** A tenant cannot see them, so cannot delete them; and a volume with snapshots does not move while its VM runs. */
    @Test
    void removesWhatTriesBeforeLeftInAVmThatRuns() throws Exception {
        var files = files();
        disks = """
                [{"qdev": "/machine/peripheral/ua-1/virtio-backend", "inserted": {"node-name": "n", "image": {
                    "filename": "%s", "virtual-size": 1,
                    "snapshots": [{"name": "fh-known"}, {"name": "fh-left"}, {"name": "somebody's"}]}}}]""".formatted(files.volume(VM, VOLUME));
        Files.createDirectories(files.volume(VM, VOLUME).getParent());
        Files.createFile(files.volume(VM, VOLUME));
        Target.running(files, VM, UUID.randomUUID(), List.of(VOLUME), monitor).removeUnknown(Set.of("fh-known"), null);
        assertThat(removed).containsExactly("fh-left");
    }

    /** With the real qemu-img. */
    @Test
    void removesWhatTriesBeforeLeftInAVmThatIsOff() throws Exception {
        var disk = directory.resolve("disk.qcow2");
        run("qemu-img", "create", "-q", "-f", "qcow2", disk.toString(), "1M");
        for (var name : List.of("fh-known", "fh-left", "other")) {
            run("qemu-img", "snapshot", "-c", name, disk.toString());
        }
        var stopped = new StoppedDisks(TestConfig.load());
        Target.off(VM, UUID.randomUUID(), List.of(VOLUME), List.of(disk), null, null)
                .removeUnknown(Set.of("fh-known"), stopped);
        assertThat(stopped.names(disk)).containsExactlyInAnyOrder("fh-known", "other");
    }

    private static void run(String... command) throws Exception {
        var process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor()).isZero();
    }

    private VmFiles files() throws IOException {
        return new VmFiles(
                directory, new ImageCache(directory.resolve("images"), (sum, from, to) -> {}), Clock.systemUTC());
    }
}
