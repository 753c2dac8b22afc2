package cloud.freehold.agent.moment;

import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.Monitor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A disk of a running VM, as QEMU knows it.
 *
 * @param alias libvirt's name of the device
 * @param file of the volume
 * @param node QEMU's name of what the guest writes to
 * @param bitmaps that record what changes and can be relied on
 * @param snapshots names
 */
public record LiveDisk(
        String alias, Path file, String node, long sizeBytes, Set<String> bitmaps, Set<String> snapshots) {
    private static final Pattern DEVICE = Pattern.compile("/machine/peripheral/([^/]+)(/.*)?");

    public static List<LiveDisk> of(Monitor monitor) throws HypervisorException {
        var disks = new ArrayList<LiveDisk>();
        for (var block : monitor.ask("query-block")) {
            var alias = alias(block.path("qdev").asString(""));
            var inserted = block.path("inserted");
            if (alias == null || !inserted.has("node-name")) {
                continue;
            }
            var bitmaps = new HashSet<String>();
            for (var bitmap : inserted.path("dirty-bitmaps")) {
                if (bitmap.has("name")
                        && bitmap.path("recording").asBoolean(false)
                        && !bitmap.path("inconsistent").asBoolean(false)) {
                    bitmaps.add(bitmap.path("name").asString());
                }
            }
            var image = inserted.path("image");
            var snapshots = new HashSet<String>();
            image.path("snapshots")
                    .forEach(snapshot -> snapshots.add(snapshot.path("name").asString("")));
            disks.add(new LiveDisk(
                    alias,
                    Path.of(image.path("filename").asString("/")),
                    inserted.path("node-name").asString(),
                    image.path("virtual-size").asLong(),
                    bitmaps,
                    snapshots));
        }
        return disks;
    }

    /** Null: not a device of libvirt's. */
    static String alias(String qdev) {
        var matcher = DEVICE.matcher(qdev);
        return matcher.matches() ? matcher.group(1) : null;
    }
}
