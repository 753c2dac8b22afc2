package cloud.freehold.agent.snapshot;

import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.Monitor;
import cloud.freehold.agent.moment.LiveDisk;
import cloud.freehold.agent.moment.Subject;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.agent.storage.VmFiles;
import cloud.freehold.api.backup.Certificate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** One VM of an order to take snapshots: runs, or is off and kept so meanwhile. */
final class Target implements AutoCloseable {
    private static final Duration SAVE = Duration.ofMinutes(5);

    final UUID vm;
    final UUID snapshot;
    final List<UUID> volumes;
    /** Null for one that runs. */
    final Certificate ofStopped;

    private final List<Path> files;
    private final Monitor monitor;
    private final DiskUse.Use use;
    private final List<LiveDisk> disks;

    private Target(
            UUID vm,
            UUID snapshot,
            List<UUID> volumes,
            List<Path> files,
            Monitor monitor,
            DiskUse.Use use,
            Certificate ofStopped,
            List<LiveDisk> disks) {
        this.vm = vm;
        this.snapshot = snapshot;
        this.volumes = volumes;
        this.files = files;
        this.monitor = monitor;
        this.use = use;
        this.ofStopped = ofStopped;
        this.disks = disks;
    }

    /**
     * @param monitor is closed with the target, or when there is none
     * @throws HypervisorException WRONG_STATE: a volume is not plugged
     */
    static Target running(VmFiles places, UUID vm, UUID snapshot, List<UUID> volumes, Monitor monitor)
            throws HypervisorException {
        try {
            return plugged(places, vm, snapshot, volumes, monitor);
        } catch (HypervisorException | RuntimeException e) {
            monitor.close();
            throw e;
        }
    }

    private static Target plugged(VmFiles places, UUID vm, UUID snapshot, List<UUID> volumes, Monitor monitor)
            throws HypervisorException {
        var all = LiveDisk.of(monitor);
        var disks = new ArrayList<LiveDisk>();
        for (var volume : volumes) {
            disks.add(all.stream()
                    .filter(disk -> places.isVolume(disk.file(), vm, volume))
                    .findFirst()
                    .orElseThrow(() -> new HypervisorException(
                            HypervisorException.Kind.WRONG_STATE, "volume " + volume + " is not plugged into its VM")));
        }
        var files = disks.stream().map(LiveDisk::file).toList();
        return new Target(vm, snapshot, volumes, files, monitor, null, null, disks);
    }

    /** @param ofStopped null: nothing is taken of it */
    static Target off(
            UUID vm, UUID snapshot, List<UUID> volumes, List<Path> files, DiskUse.Use use, Certificate ofStopped) {
        return new Target(vm, snapshot, volumes, files, null, use, ofStopped, List.of());
    }

    boolean isRunning() {
        return monitor != null;
    }

    Subject subject() throws HypervisorException {
        var names = new LinkedHashMap<String, String>();
        for (int i = 0; i < disks.size(); i++) {
            names.put(disks.get(i).alias(), volumes.get(i).toString());
        }
        boolean runs = monitor.ask("query-status").path("running").asBoolean(false);
        return new Subject(vm, monitor, names, runs);
    }

    /** All volumes in one transaction. */
    void take() throws HypervisorException {
        var actions = disks.stream()
                .map(disk -> Map.of(
                        "type",
                        "blockdev-snapshot-internal-sync",
                        "data",
                        Map.of("device", disk.node(), "name", SnapshotBook.name(snapshot))))
                .toList();
        monitor.ask("transaction", Map.of("actions", actions));
    }

    /** With the memory, into the first volume; the guest stands still for it. */
    void takeWithMemory() throws HypervisorException {
        var arguments = arguments(SnapshotBook.name(snapshot));
        arguments.put("vmstate", disks.get(0).node());
        SnapshotJob.run(monitor, "snapshot-save", arguments, SAVE);
    }

    private Map<String, Object> arguments(String name) {
        var arguments = new LinkedHashMap<String, Object>();
        arguments.put("tag", name);
        arguments.put("devices", disks.stream().map(LiveDisk::node).toList());
        return arguments;
    }

    void takeStopped(StoppedDisks stopped) throws IOException {
        for (var file : files) {
            stopped.take(file, SnapshotBook.name(snapshot));
        }
    }

    /** Whether there is such a snapshot already or not. */
    void remove(StoppedDisks stopped) throws HypervisorException, IOException {
        remove(SnapshotBook.name(snapshot), stopped);
    }

    /** What earlier tries left in the volumes when neither libvirt nor QEMU answered any more. */
    void removeUnknown(Set<String> known, StoppedDisks stopped) throws HypervisorException, IOException {
        for (var name : names(stopped)) {
            if (SnapshotBook.isOurs(name) && !known.contains(name)) {
                remove(name, stopped);
            }
        }
    }

    private Set<String> names(StoppedDisks stopped) throws IOException {
        var names = new TreeSet<String>();
        if (isRunning()) {
            disks.forEach(disk -> names.addAll(disk.snapshots()));
        } else {
            for (var file : files) {
                names.addAll(stopped.names(file));
            }
        }
        return names;
    }

    private void remove(String name, StoppedDisks stopped) throws HypervisorException, IOException {
        if (isRunning()) {
            SnapshotJob.run(monitor, "snapshot-delete", arguments(name), SAVE);
        } else {
            for (var file : files) {
                stopped.delete(file, name);
            }
        }
    }

    @Override
    public void close() {
        if (monitor != null) {
            monitor.close();
        }
        if (use != null) {
            use.close();
        }
    }
}
