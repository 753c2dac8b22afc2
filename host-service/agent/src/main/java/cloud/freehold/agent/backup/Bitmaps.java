package cloud.freehold.agent.backup;

import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.Monitor;
import cloud.freehold.agent.moment.LiveDisk;
import cloud.freehold.api.command.HostCommand.BackupVm;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The dirty bitmaps of a VM's points: one a store, named after store and point, and the one of the point before until the next is begun.
 * Bitmaps cost each write a little, so that those of stores that are not used any more go, too.
 */
final class Bitmaps {
    private static final String PREFIX = "fh-";
    private static final int STORE_DIGITS = 8;
    private static final int MOST = 8;

    private final String store;
    private final String present;
    private final Set<String> wanted;

    Bitmaps(BackupVm command) {
        var id = command.store().id().toString();
        // The random end: ids that were made together share their beginning.
        store = PREFIX + id.substring(id.length() - STORE_DIGITS) + "-";
        present = store + command.pointId();
        wanted = command.volumes().stream()
                .map(BackupVm.Source::checkpoint)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }

    /** The new one's name. */
    String present() {
        return present;
    }

    /** Removes what no later point will start from. */
    void sweep(Monitor monitor, List<LiveDisk> disks) throws HypervisorException {
        for (var disk : disks) {
            for (var obsolete : obsolete(disk.bitmaps())) {
                monitor.tidy("block-dirty-bitmap-remove", java.util.Map.of("node", disk.node(), "name", obsolete));
            }
        }
    }

    Set<String> obsolete(Set<String> all) {
        var ours = all.stream().filter(name -> name.startsWith(PREFIX)).toList();
        var obsolete = new HashSet<String>();
        ours.stream()
                .filter(name -> name.startsWith(store) && !wanted.contains(name))
                .forEach(obsolete::add);
        // Points' ids begin with a time: the last ones are the newest.
        ours.stream()
                .filter(name -> !name.startsWith(store))
                .sorted(Comparator.comparing((String name) -> name.substring(PREFIX.length() + STORE_DIGITS))
                        .reversed())
                .skip(MOST)
                .forEach(obsolete::add);
        return obsolete;
    }
}
