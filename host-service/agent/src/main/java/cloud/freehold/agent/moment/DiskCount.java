package cloud.freehold.agent.moment;

import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.Monitor;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What QEMU has counted of a disk: requests of the guest, when they completed, failed ones included.
 *
 * @param writes that change data: writes, zeroings and discards
 * @param flushNanos how long all flushes took together
 * @param idleNanos since the last request of any kind; −1: there was none
 */
public record DiskCount(long writes, long flushes, long flushNanos, long idleNanos) {

    /** Of all disks, by alias. */
    static Map<String, DiskCount> read(Monitor monitor) throws HypervisorException {
        var counts = new HashMap<String, DiskCount>();
        for (var disk : monitor.ask("query-blockstats")) {
            var alias = LiveDisk.alias(disk.path("qdev").asString(""));
            if (alias != null) {
                counts.put(alias, of(disk.path("stats")));
            }
        }
        return counts;
    }

    private static DiskCount of(JsonNode stats) {
        return new DiskCount(
                sum(stats, "wr_operations", "unmap_operations", "failed_wr_operations", "failed_unmap_operations"),
                sum(stats, "flush_operations", "failed_flush_operations"),
                sum(stats, "flush_total_time_ns"),
                stats.path("idle_time_ns").asLong(-1));
    }

    private static long sum(JsonNode stats, String... names) {
        long sum = 0;
        for (var name : names) {
            sum += stats.path(name).asLong(0);
        }
        return sum;
    }
}
