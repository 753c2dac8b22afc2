package cloud.freehold.agent.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.HypervisorException.Kind;
import cloud.freehold.agent.libvirt.Monitor;
import cloud.freehold.agent.storage.ImageCache;
import cloud.freehold.agent.storage.VmFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class TargetTest {
    @TempDir
    Path directory;

    private boolean closed;

    /** Of a QEMU without a disk. */
    private final Monitor monitor = new Monitor() {
        @Override
        public JsonNode ask(String command, Map<String, ?> arguments, Duration deadline) {
            return Json.MAPPER.createArrayNode();
        }

        @Override
        public void close() {
            closed = true;
        }
    };

    /** QEMU talks to one at a time: whoever came next would wait for ever. */
    @Test
    void leavesTheMonitorWhenAVolumeIsNotPlugged() throws IOException {
        var files = new VmFiles(
                directory, new ImageCache(directory.resolve("images"), (sum, from, to) -> {}), Clock.systemUTC());
        assertThatExceptionOfType(HypervisorException.class)
                .isThrownBy(() -> Target.running(
                        files, UUID.randomUUID(), UUID.randomUUID(), List.of(UUID.randomUUID()), monitor))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.WRONG_STATE));
        assertThat(closed).isTrue();
    }
}
