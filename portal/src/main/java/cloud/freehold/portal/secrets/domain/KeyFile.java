package cloud.freehold.portal.secrets.domain;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The key-encryption keys, in the order of the file. */
final class KeyFile {

    private static final Pattern LINE = Pattern.compile("([A-Za-z0-9._-]{1,63})\\s+([0-9a-fA-F]{64})");

    private KeyFile() {}

    /** A new file with one key is made when there is none. */
    static Map<String, byte[]> provide(Path file, SecureRandom random) throws IOException {
        if (!Files.exists(file)) {
            Path dir = file.toAbsolutePath().getParent();
            Files.createDirectories(dir, mode("rwx------"));
            byte[] key = new byte[32];
            random.nextBytes(key);
            // Named by chance: two files never hold different keys of one name.
            byte[] name = new byte[4];
            random.nextBytes(name);
            Path unfinished = Files.createTempFile(dir, "keys", ".new", mode("rw-------"));
            Files.writeString(unfinished, hex(name) + " " + hex(key) + "\n");
            try {
                Files.createLink(file, unfinished);
            } catch (FileAlreadyExistsException madeByAnother) {
                return read(file);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        }
        return read(file);
    }

    static Map<String, byte[]> read(Path file) throws IOException {
        Map<String, byte[]> keys = new LinkedHashMap<>();
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            Matcher matcher = LINE.matcher(line.strip());
            // Not the line itself: it may be a key with a typing error.
            if (!matcher.matches() || keys.containsKey(matcher.group(1))) {
                throw new IOException(file + ": each line has a name of its own, a space and 64 hexadecimal digits");
            }
            keys.put(matcher.group(1), HexFormat.of().parseHex(matcher.group(2)));
        }
        if (keys.isEmpty()) {
            throw new IOException(file + " has no key");
        }
        return keys;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static FileAttribute<?> mode(String permissions) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
    }
}
