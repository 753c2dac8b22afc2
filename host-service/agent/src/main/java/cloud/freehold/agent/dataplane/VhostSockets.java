package cloud.freehold.agent.dataplane;

import java.nio.file.Path;
import java.util.UUID;

/** Where QEMU listens for the dataplane. */
public final class VhostSockets {
    public static Path of(Path directory, UUID nic) {
        return directory.resolve(nic + ".sock");
    }

    private VhostSockets() {}
}
