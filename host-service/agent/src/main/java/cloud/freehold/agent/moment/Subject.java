package cloud.freehold.agent.moment;

import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.Monitor;
import cloud.freehold.api.backup.Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A VM whose moment is wanted.
 *
 * @param disks that belong to the moment, by alias, and what the tenant calls them
 * @param runs false: it was paused before, and stays so
 */
public record Subject(UUID vm, Monitor monitor, Map<String, String> disks, boolean runs) {

    /** Reads the counters of the disks into the watches. */
    Map<String, DiskCount> see(Map<String, FlushWatch> watches) throws HypervisorException {
        var counts = DiskCount.read(monitor);
        long at = System.nanoTime();
        for (var alias : disks.keySet()) {
            var count = counts.get(alias);
            if (count == null) {
                throw new HypervisorException(
                        HypervisorException.Kind.WRONG_STATE, "the disk " + alias + " was unplugged");
            }
            watches.get(alias).see(at, count);
        }
        return counts;
    }

    Map<String, FlushWatch> watches() {
        var watches = new LinkedHashMap<String, FlushWatch>();
        disks.keySet().forEach(alias -> watches.put(alias, new FlushWatch()));
        return watches;
    }

    List<Certificate.Disk> certificates(Map<String, FlushWatch> before) throws HypervisorException {
        var after = DiskCount.read(monitor);
        var certificates = new ArrayList<Certificate.Disk>();
        before.forEach((alias, watch) -> {
            var count = after.get(alias);
            if (count != null) {
                certificates.add(watch.certificate(disks.get(alias), count));
            }
        });
        return certificates;
    }
}
