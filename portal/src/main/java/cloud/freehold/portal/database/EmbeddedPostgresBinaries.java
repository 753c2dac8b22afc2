package cloud.freehold.portal.database;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** Unpacks the server's binaries, which come as an archive on the class path. */
final class EmbeddedPostgresBinaries {

    private static final String ARCHIVE = "/postgres-linux-x86_64.txz";

    private EmbeddedPostgresBinaries() {}

    /** Unpacks into a sibling folder first: a kill in the middle leaves no half installation behind. */
    static Path unpackOnce(Path dir) throws IOException {
        if (Files.isDirectory(dir)) {
            return dir;
        }
        Path unfinished = dir.resolveSibling(dir.getFileName() + ".unfinished");
        EmbeddedPostgresFiles.deleteTree(unfinished);
        Files.createDirectories(unfinished);
        try (InputStream archive = EmbeddedPostgresBinaries.class.getResourceAsStream(ARCHIVE)) {
            if (archive == null) {
                throw new IOException("The embedded PostgreSQL is not part of this build (" + ARCHIVE
                        + " is missing). Set freehold.database.* to an external server.");
            }
            unpack(archive, unfinished);
        }
        Files.move(unfinished, dir, StandardCopyOption.ATOMIC_MOVE);
        return dir;
    }

    private static void unpack(InputStream archive, Path dir) throws IOException {
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(archive)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path target = dir.resolve(entry.getName()).normalize();
                if (!target.startsWith(dir)) {
                    throw new IOException("The archive of PostgreSQL names a file outside its folder: " + target);
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(target);
                } else if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
                } else {
                    Files.createDirectories(target.getParent());
                    Files.copy(tar, target);
                    Files.setPosixFilePermissions(target, permissions(entry.getMode()));
                }
            }
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> permissions = EnumSet.of(
                PosixFilePermission.OWNER_READ,
                PosixFilePermission.OWNER_WRITE,
                PosixFilePermission.GROUP_READ,
                PosixFilePermission.OTHERS_READ);
        if ((mode & 0100) != 0) {
            permissions.add(PosixFilePermission.OWNER_EXECUTE);
            permissions.add(PosixFilePermission.GROUP_EXECUTE);
            permissions.add(PosixFilePermission.OTHERS_EXECUTE);
        }
        return permissions;
    }
}
