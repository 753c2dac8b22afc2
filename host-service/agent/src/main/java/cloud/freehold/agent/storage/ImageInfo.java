package cloud.freehold.agent.storage;

import cloud.freehold.agent.common.Json;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * What a volume's file says of itself.
 *
 * @param bitmaps that record what changes and were closed properly
 * @param allBitmaps those that cannot be relied on, too
 * @param snapshots names
 * @param backing what it reads from that was never written to it
 */
public record ImageInfo(
        long sizeBytes, Set<String> bitmaps, Set<String> allBitmaps, Set<String> snapshots, Optional<String> backing) {

    static ImageInfo parse(String json) {
        var info = Json.MAPPER.readTree(json);
        var good = new HashSet<String>();
        var all = new HashSet<String>();
        for (var bitmap : info.path("format-specific").path("data").path("bitmaps")) {
            var name = bitmap.path("name").asString("");
            boolean records = false;
            boolean broken = false;
            for (var flag : bitmap.path("flags")) {
                records |= flag.asString("").equals("auto");
                broken |= flag.asString("").equals("in-use");
            }
            all.add(name);
            if (records && !broken) {
                good.add(name);
            }
        }
        var snapshots = new HashSet<String>();
        info.path("snapshots")
                .forEach(snapshot -> snapshots.add(snapshot.path("name").asString("")));
        return new ImageInfo(
                info.path("virtual-size").asLong(),
                good,
                all,
                snapshots,
                Optional.ofNullable(info.path("backing-filename").asString(null)));
    }
}
