package cloud.freehold.agent.backup;

import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.Monitor;
import cloud.freehold.agent.moment.LiveDisk;
import cloud.freehold.agent.storage.ScratchFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running VM's disks as they were at one moment, over NBD, for as long as somebody reads them.
 *
 * <p>{@link #prepare} makes an empty scratch image before each disk; {@link #begin} starts, in one transaction, jobs that save in there what the guest
 * overwrites from then on, and new dirty bitmaps; {@link #export} shows scratch and disk together. Bitmaps: the new one is named after
 * the point; those that earlier points left are merged into a copy that stands still, which the reader sees. When the point is
 * not complete at the end ({@link #keep}), the new one goes, and nothing has changed; the old ones go when the next point is taken, because
 * only then it is certain that the portal knows of this one.
 *
 * <p>Never with iothreads: QEMU 7.2 crashes when the reader leaves.
 */
final class PullJob implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PullJob.class);
    private static final String OURS = "freehold-";
    private static final String SINCE = OURS + "since";
    private static final int GRANULARITY = 64 << 10;

    /**
     * @param disk where the volume is
     * @param since the bitmap that records since the volume's last point; null: all is to be read
     */
    record Source(UUID volume, LiveDisk disk, String since) {}

    private final UUID vm;
    private final Monitor monitor;
    private final ScratchFiles scratch;
    private final Path socket;
    private final List<Source> sources;
    private final String bitmap;
    private boolean kept;

    /** @param bitmap a new name for what changes after this point */
    PullJob(UUID vm, Monitor monitor, ScratchFiles scratch, Path socket, List<Source> sources, String bitmap) {
        this.vm = vm;
        this.monitor = monitor;
        this.scratch = scratch;
        this.socket = socket;
        this.sources = sources;
        this.bitmap = bitmap;
    }

    private static String name(String what, int index) {
        return OURS + what + "-" + index;
    }

    void prepare() throws HypervisorException, IOException {
        for (int i = 0; i < sources.size(); i++) {
            var disk = sources.get(i).disk();
            var file = scratch.create(vm, sources.get(i).volume(), disk.sizeBytes());
            monitor.ask(
                    "blockdev-add",
                    Map.of(
                            "driver", "qcow2",
                            "node-name", name("scratch", i),
                            "file",
                                    Map.of(
                                            "driver", "file",
                                            "filename", file.toString(),
                                            "discard", "unmap"),
                            "backing", disk.node()));
        }
        monitor.ask(
                "nbd-server-start", Map.of("addr", Map.of("type", "unix", "data", Map.of("path", socket.toString()))));
    }

    /** The moment. */
    void begin() throws HypervisorException {
        var actions = new ArrayList<Map<String, ?>>();
        for (int i = 0; i < sources.size(); i++) {
            var source = sources.get(i);
            var node = source.disk().node();
            actions.add(bitmap(node, bitmap, true, false));
            if (source.since() != null) {
                actions.add(bitmap(node, SINCE, false, true));
                actions.add(action(
                        "block-dirty-bitmap-merge",
                        Map.of("node", node, "target", SINCE, "bitmaps", List.of(source.since()))));
            }
            actions.add(action(
                    "blockdev-backup",
                    Map.of("job-id", name("job", i), "device", node, "target", name("scratch", i), "sync", "none")));
        }
        monitor.ask("transaction", Map.of("actions", actions));
    }

    /** Takes {@link #begin} back: it can happen again. */
    void undo() throws HypervisorException {
        for (int i = 0; i < sources.size(); i++) {
            monitor.tidy("block-job-cancel", Map.of("device", name("job", i), "force", true));
        }
        awaitNone(monitor, "query-jobs");
        for (var source : sources) {
            removeBitmap(source.disk().node(), bitmap);
            removeBitmap(source.disk().node(), SINCE);
        }
    }

    private static Map<String, ?> bitmap(String node, String name, boolean persistent, boolean disabled) {
        return action(
                "block-dirty-bitmap-add",
                Map.of(
                        "node", node,
                        "name", name,
                        "granularity", GRANULARITY,
                        "persistent", persistent,
                        "disabled", disabled));
    }

    private static Map<String, ?> action(String type, Map<String, ?> data) {
        return Map.of("type", type, "data", data);
    }

    /** @return by volume, what the store's program is to read */
    Map<UUID, Exported> export() throws HypervisorException {
        var exported = new LinkedHashMap<UUID, Exported>();
        for (int i = 0; i < sources.size(); i++) {
            var source = sources.get(i);
            var export = "d" + i;
            boolean changes = source.since() != null;
            monitor.ask(
                    "block-export-add",
                    Map.of(
                            "type",
                            "nbd",
                            "id",
                            name("export", i),
                            "node-name",
                            name("scratch", i),
                            "name",
                            export,
                            "bitmaps",
                            changes ? List.of(SINCE) : List.of()));
            exported.put(
                    source.volume(), Exported.at(socket, export, source.disk().sizeBytes(), changes ? SINCE : null));
        }
        return exported;
    }

    /** The point is complete: what changes after it is remembered. */
    void keep() {
        kept = true;
    }

    private void removeBitmap(String node, String name) throws HypervisorException {
        monitor.tidy("block-dirty-bitmap-remove", Map.of("node", node, "name", name));
    }

    /** Ends it; without {@link #keep} nothing of it stays. */
    @Override
    public void close() {
        try {
            sweep(monitor);
            if (!kept) {
                for (var source : sources) {
                    removeBitmap(source.disk().node(), bitmap);
                }
            }
            scratch.delete(vm);
        } catch (HypervisorException e) {
            LOG.info("VM {}: the end of its point in time is swept up later: {}", vm, e.getMessage());
        }
    }

    /** Removes whatever such jobs left in QEMU, by name; bitmaps of points stay. */
    static void sweep(Monitor monitor) throws HypervisorException {
        boolean exports = false;
        for (var export : monitor.ask("query-block-exports")) {
            if (isOurs(export.path("id").asString(""))) {
                exports = true;
                monitor.tidy("block-export-del", Map.of("id", export.path("id").asString(), "mode", "hard"));
            }
        }
        if (exports) {
            awaitNone(monitor, "query-block-exports");
        }
        monitor.tidy("nbd-server-stop", null);
        for (var job : monitor.ask("query-jobs")) {
            if (isOurs(job.path("id").asString(""))) {
                monitor.tidy("block-job-cancel", Map.of("device", job.path("id").asString(), "force", true));
            }
        }
        awaitNone(monitor, "query-jobs");
        sweepNodes(monitor);
    }

    private static void sweepNodes(Monitor monitor) throws HypervisorException {
        for (var node : monitor.ask("query-named-block-nodes", Map.of("flat", true))) {
            var name = node.path("node-name").asString("");
            if (name.startsWith(OURS + "scratch-")) {
                monitor.tidy("blockdev-del", Map.of("node-name", name));
            }
            for (var bitmap : node.path("dirty-bitmaps")) {
                if (bitmap.path("name").asString("").equals(SINCE)) {
                    monitor.tidy("block-dirty-bitmap-remove", Map.of("node", name, "name", SINCE));
                }
            }
        }
    }

    private static boolean isOurs(String id) {
        return id.startsWith(OURS);
    }

    /** Exports and jobs end a little after they were told to. */
    private static void awaitNone(Monitor monitor, String query) throws HypervisorException {
        long end = System.nanoTime() + Monitor.QUICK.toNanos();
        while (true) {
            boolean left = false;
            for (var one : monitor.ask(query)) {
                left |= isOurs(one.path("id").asString(""));
            }
            if (!left) {
                return;
            }
            if (System.nanoTime() > end) {
                throw new HypervisorException(
                        HypervisorException.Kind.TIMED_OUT, "QEMU did not end what " + query + " still shows");
            }
            java.util.concurrent.locks.LockSupport.parkNanos(2_000_000);
        }
    }
}
