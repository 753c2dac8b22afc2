package cloud.freehold.agent.snapshot;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.storage.ImageInfo;
import cloud.freehold.agent.storage.ImageTool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/** Snapshots in volumes that no QEMU has open. */
final class StoppedDisks {
    private final ImageTool tool;

    StoppedDisks(AgentConfig config) {
        this.tool = new ImageTool(config.qemuUser());
    }

    Set<String> names(Path volume) throws IOException {
        return tool.info(volume).snapshots();
    }

    boolean has(Path volume, String name) throws IOException {
        return names(volume).contains(name);
    }

    void take(Path volume, String name) throws IOException {
        if (!has(volume, name)) {
            tool.run("snapshot", "-q", "-c", name, volume.toString());
        }
    }

    void delete(Path volume, String name) throws IOException {
        if (has(volume, name)) {
            tool.run("snapshot", "-q", "-d", name, volume.toString());
        }
    }

    /** What was written since goes, and so do bitmaps, which would tell of changes that are none any more. */
    void goBack(Path volume, String name) throws IOException {
        ImageInfo info = tool.info(volume);
        for (var bitmap : info.allBitmaps()) {
            tool.run("bitmap", "--remove", volume.toString(), bitmap);
        }
        tool.run("snapshot", "-q", "-a", name, volume.toString());
    }
}
