package cloud.freehold.agent.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the real library and its driver for tests, which needs no libvirtd. */
class LibvirtHypervisorTest {
    @TempDir
    Path sockets;

    private final CompletableFuture<String> connected = new CompletableFuture<>();

    /** An agent takes up orders that were begun before anything listens; it has to hear of what happens to VMs all the same. */
    @Test
    void whoListensLaterHearsOfTheConnectionThatThereIs() throws Exception {
        try (var hypervisor = LibvirtHypervisor.load("libvirt.so.0", "test:///default", "somebody", sockets)) {
            assertThat(hypervisor.domains()).isEmpty();
            hypervisor.listen(new Hypervisor.Listener() {
                @Override
                public void changed(UUID vm) {}

                @Override
                public void rebooted(UUID vm) {}

                @Override
                public void connected(String version) {
                    connected.complete(version);
                }

                @Override
                public void disconnected() {}
            });
            assertThat(connected.get(10, TimeUnit.SECONDS)).startsWith("QEMU ");
        }
    }
}
