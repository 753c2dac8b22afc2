package cloud.freehold.agent.storage;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where volumes can lie: named folders, on file systems of their own as a rule. All of a VM is in its folder of the default pool; a volume that lies in another
 * one is a symbolic link there, so that a volume has one path wherever it lies and wherever it is moved to.
 */
public final class Pools {
    private static final Logger LOG = LoggerFactory.getLogger(Pools.class);
    public static final String DEFAULT = "default";

    private final Map<String, Path> folders;
    private final boolean directIo;

    /** @param others than the default one, by name */
    public Pools(Path byDefault, Map<String, Path> others) throws IOException {
        var all = new LinkedHashMap<String, Path>();
        all.put(DEFAULT, byDefault);
        all.putAll(others);
        this.folders = all;
        boolean allTakeDirectIo = true;
        for (var folder : all.values()) {
            // QEMU runs as another user and has to pass through.
            Files.createDirectories(folder);
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
            allTakeDirectIo &= takesDirectIo(folder);
        }
        this.directIo = allTakeDirectIo;
    }

    private static boolean takesDirectIo(Path folder) throws IOException {
        var probe = folder.resolve(".direct-io");
        try (var channel = FileChannel.open(
                probe, StandardOpenOption.CREATE, StandardOpenOption.WRITE, ExtendedOpenOption.DIRECT)) {
            return channel.isOpen();
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    /** Whether all of them can do without the page cache. */
    boolean directIo() {
        return directIo;
    }

    /** Name to folder; the default one comes first. */
    public Map<String, Path> all() {
        return folders;
    }

    /**
     * Where a volume of the pool is to be, in a folder that is there.
     *
     * @param pool null: the default one
     * @return empty: there is no such pool
     */
    public Optional<Path> place(String pool, UUID vm, UUID volume) throws IOException {
        var folder = folders.get(pool == null ? DEFAULT : pool);
        if (folder == null) {
            return Optional.empty();
        }
        var ofVm = Files.createDirectories(folder.resolve(vm.toString()));
        Files.setPosixFilePermissions(ofVm, PosixFilePermissions.fromString("rwx--x--x"));
        return Optional.of(ofVm.resolve(volume + ".qcow2"));
    }

    /**
     * @param volume its path, wherever that leads
     * @return empty: it is not there, or in none of them
     */
    Optional<String> of(Path volume) {
        try {
            var pool = volume.toRealPath().getParent().getParent();
            for (var folder : folders.entrySet()) {
                if (folder.getValue().toRealPath().equals(pool)) {
                    return Optional.of(folder.getKey());
                }
            }
        } catch (IOException e) {
            LOG.debug("{}: {}", volume, e.toString());
        }
        return Optional.empty();
    }

    /** Lets the volume's path lead to where it is. */
    public static void link(Path volume, Path place) throws IOException {
        if (!volume.equals(place)) {
            var link = volume.resolveSibling(volume.getFileName() + ".link");
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, place);
            Files.move(link, volume, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Deletes what a VM has outside the default pool. */
    void deleteElsewhere(UUID vm) throws IOException {
        for (var folder : folders.entrySet()) {
            if (!folder.getKey().equals(DEFAULT)) {
                FileTrees.delete(folder.getValue().resolve(vm.toString()));
            }
        }
    }

    /** Bytes; 0 when it cannot be told. */
    public static long free(Path folder) {
        try {
            return Files.getFileStore(folder).getUsableSpace();
        } catch (IOException e) {
            LOG.warn("{}: {}", folder, e.getMessage());
            return 0;
        }
    }

    public static long total(Path folder) {
        try {
            return Files.getFileStore(folder).getTotalSpace();
        } catch (IOException e) {
            return 0;
        }
    }
}
