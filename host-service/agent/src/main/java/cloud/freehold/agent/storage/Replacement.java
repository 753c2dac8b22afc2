package cloud.freehold.agent.storage;

import cloud.freehold.agent.common.DurableFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * New contents for volumes of a VM that does not run: written beside the present ones, and put in their place together.
 *
 * <p>{@link #swap} may be repeated after a death or a failure in its middle: each volume is either the old or the new one, and is never missing, so that nobody
 * makes it anew meanwhile. It is not one step for several volumes: that it was begun is for the caller to remember, and then to be gone through with.
 */
public final class Replacement {
    private static final String NEW = ".restoring";

    private final VmFiles files;
    private final UUID vm;
    private final Map<UUID, Path> places;

    private Replacement(VmFiles files, UUID vm, Map<UUID, Path> places) {
        this.files = files;
        this.vm = vm;
        this.places = places;
    }

    /**
     * @param pools by volume, of those that are not there yet; none: the default one
     * @throws StorageException there is no such pool
     */
    public static Replacement of(VmFiles files, UUID vm, List<UUID> volumes, Map<UUID, String> pools)
            throws IOException, StorageException {
        files.makeDirectory(vm);
        var places = new LinkedHashMap<UUID, Path>();
        for (var volume : volumes) {
            var present = files.volume(vm, volume);
            places.put(
                    volume, Files.exists(present) ? present.toRealPath() : files.place(vm, volume, pools.get(volume)));
        }
        return new Replacement(files, vm, places);
    }

    /**
     * An empty volume to write to.
     *
     * @throws StorageException no room
     */
    public Path create(UUID volume, long sizeBytes) throws IOException, StorageException {
        var file = fresh(volume);
        VmFiles.checkRoom(file.getParent(), sizeBytes, "volume " + volume);
        Files.deleteIfExists(file);
        Tool.run(
                VmFiles.QUICK,
                List.of("qemu-img", "create", "-q", "-f", "qcow2", file.toString(), Long.toString(sizeBytes)));
        return file;
    }

    /** A volume that reads from somewhere else what was not written to it. */
    public Path createOver(UUID volume, String backing, long sizeBytes) throws IOException, StorageException {
        var file = fresh(volume);
        VmFiles.checkRoom(file.getParent(), sizeBytes, "volume " + volume);
        Files.deleteIfExists(file);
        Tool.run(
                VmFiles.QUICK,
                List.of(
                        "qemu-img",
                        "create",
                        "-q",
                        "-f",
                        "qcow2",
                        "-b",
                        backing,
                        "-F",
                        "raw",
                        file.toString(),
                        Long.toString(sizeBytes)));
        return file;
    }

    private Path fresh(UUID volume) {
        var place = places.get(volume);
        return place.resolveSibling(place.getFileName() + NEW);
    }

    /**
     * Puts the new ones in place.
     *
     * @throws IOException not all are; to be called again until they are
     */
    public void swap() throws IOException {
        for (var volume : places.keySet()) {
            var fresh = fresh(volume);
            var place = places.get(volume);
            if (Files.exists(fresh)) {
                try (var channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                    channel.force(true);
                }
                Files.move(fresh, place, StandardCopyOption.ATOMIC_MOVE);
            }
            // Also when it was moved by a try before this one, which may have ended here.
            DurableFiles.syncDirectory(place.getParent());
            if (!Files.exists(files.volume(vm, volume))) {
                Pools.link(files.volume(vm, volume), place);
            }
        }
        DurableFiles.syncDirectory(files.directory(vm));
    }

    /** Deletes what is not in place. */
    public void discard() throws IOException {
        for (var volume : places.keySet()) {
            Files.deleteIfExists(fresh(volume));
        }
    }
}
