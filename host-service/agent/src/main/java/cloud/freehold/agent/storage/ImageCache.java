package cloud.freehold.agent.storage;

import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.api.desired.DesiredImage.ImageFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Image files by their SHA-256. A file that somebody put there is as good as one that was fetched, once its digest was
 * verified; that it was is remembered beside it together with its size and time, and found out again when these change.
 */
public final class ImageCache {
    private static final Logger LOG = LoggerFactory.getLogger(ImageCache.class);
    private static final int BUFFER = 1 << 20;
    private static final long RESERVE_BYTES = 1L << 30;

    /** Fetches the rest of a file. */
    public interface Source {
        void download(String sha256, long from, Path file) throws IOException;
    }

    private final Path directory;
    private final Source source;
    private final Map<String, Object> locks = new ConcurrentHashMap<>();

    public ImageCache(Path directory, Source source) {
        this.directory = directory;
        this.source = source;
    }

    /** The verified file; fetches it when needed, which may take long. */
    public Path get(ImageFile image) throws StorageException {
        if (!image.sha256().matches("[0-9a-f]{64}")) {
            throw StorageException.image("'" + image.sha256() + "' is not a SHA-256", null);
        }
        synchronized (locks.computeIfAbsent(image.sha256(), key -> new Object())) {
            try {
                var file = directory.resolve(image.sha256());
                if (!Files.exists(file)) {
                    fetch(image, file);
                } else if (!isKnownGood(file) && !verify(image, file)) {
                    Files.delete(file);
                    throw StorageException.image("the cached " + file + " had another digest and was removed", null);
                }
                return file;
            } catch (IOException e) {
                throw StorageException.image("image file " + image.sha256() + ": " + e.getMessage(), e);
            }
        }
    }

    private void fetch(ImageFile image, Path file) throws IOException, StorageException {
        Files.createDirectories(directory);
        var part = file.resolveSibling(image.sha256() + ".part");
        long have = Files.exists(part) ? Files.size(part) : 0;
        if (have > image.sizeBytes()) {
            Files.delete(part);
            have = 0;
        }
        if (Files.getFileStore(directory).getUsableSpace() < image.sizeBytes() - have + RESERVE_BYTES) {
            throw StorageException.full("no room for an image of " + image.sizeBytes() + " bytes in " + directory);
        }
        if (have < image.sizeBytes()) {
            LOG.info("Fetching image file {} from byte {} of {}.", image.sha256(), have, image.sizeBytes());
            source.download(image.sha256(), have, part);
        }
        if (!verify(image, part)) {
            Files.delete(part);
            throw StorageException.image("image file " + image.sha256() + " arrived with another digest", null);
        }
        try (var channel = java.nio.channels.FileChannel.open(part, java.nio.file.StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(mark(part));
        rememberGood(file);
    }

    private boolean verify(ImageFile image, Path file) throws IOException {
        boolean good = Files.size(file) == image.sizeBytes() && sha256(file).equals(image.sha256());
        if (good) {
            rememberGood(file);
        }
        return good;
    }

    static String sha256(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            var digest = MessageDigest.getInstance("SHA-256");
            var buffer = new byte[BUFFER];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime has no SHA-256", e);
        }
    }

    private static Path mark(Path file) {
        return file.resolveSibling(file.getFileName() + ".verified");
    }

    private static String stamp(Path file) throws IOException {
        return Files.size(file) + " " + Files.getLastModifiedTime(file).toMillis();
    }

    private static void rememberGood(Path file) throws IOException {
        DurableFiles.write(mark(file), stamp(file).getBytes(StandardCharsets.US_ASCII));
    }

    private static boolean isKnownGood(Path file) throws IOException {
        return Files.exists(mark(file)) && Files.readString(mark(file)).equals(stamp(file));
    }
}
