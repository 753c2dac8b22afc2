package cloud.freehold.portal.database;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Properties;
import java.util.stream.Stream;

/** The folder of an embedded server: {@code data/}, {@code passwords.properties} (0600), {@code postgres.log}. */
final class EmbeddedPostgresFiles {

    private final Path dir;

    EmbeddedPostgresFiles(Path dir) throws IOException {
        this.dir = Files.createDirectories(dir.toAbsolutePath().normalize());
    }

    Path data() {
        return dir.resolve("data");
    }

    Path unfinishedData() {
        return dir.resolve("data.unfinished");
    }

    Path log() {
        return dir.resolve("postgres.log");
    }

    Path binaries() {
        return dir.resolve("binaries");
    }

    /** Held while a portal uses the folder, so that a second one fails with a sentence. */
    Path lock() {
        return dir.resolve("lock");
    }

    /** The password of a role; generated when first asked for and kept, readable by the owner alone. */
    String password(String role) throws IOException {
        Path file = dir.resolve("passwords.properties");
        Properties passwords = new Properties();
        if (Files.exists(file)) {
            try (var in = Files.newInputStream(file)) {
                passwords.load(in);
            }
        }
        String known = passwords.getProperty(role);
        if (known != null) {
            return known;
        }
        byte[] secret = new byte[24];
        new SecureRandom().nextBytes(secret);
        String generated = HexFormat.of().formatHex(secret);
        passwords.setProperty(role, generated);
        Path next = dir.resolve("passwords.properties.next");
        Files.deleteIfExists(next);
        Files.createFile(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (var out = Files.newOutputStream(next)) {
            passwords.store(out, "Roles of the embedded PostgreSQL");
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return generated;
    }

    static void deleteTree(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(tree)) {
            paths.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
