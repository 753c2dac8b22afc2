package cloud.freehold.agent.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.desired.DesiredImage;
import cloud.freehold.api.desired.DesiredImage.ImageFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageCacheTest {
    private final byte[] content = "an image of some length".getBytes(StandardCharsets.US_ASCII);
    private final List<Long> askedFrom = new ArrayList<>();
    private byte[] served = content;
    private int breakAfter = Integer.MAX_VALUE;
    private ImageFile image;
    private ImageCache cache;

    @TempDir
    Path directory;

    @BeforeEach
    void prepare() throws Exception {
        var sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        image = new ImageFile(DesiredImage.Role.DISK, sha256, content.length);
        cache = new ImageCache(directory, this::serve);
    }

    private void serve(String sha256, long from, Path file) throws IOException {
        askedFrom.add(from);
        int end = Math.min(served.length, breakAfter);
        Files.write(
                file,
                Arrays.copyOfRange(served, (int) from, end),
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
        if (end < served.length) {
            throw new IOException("the line went dead");
        }
    }

    @Test
    void fetchesOnce() throws Exception {
        assertThat(cache.get(image)).hasBinaryContent(content);
        assertThat(cache.get(image)).hasBinaryContent(content);
        assertThat(askedFrom).containsExactly(0L);
    }

    @Test
    void goesOnWhereItBrokeOff() throws Exception {
        breakAfter = 10;
        assertThatThrownBy(() -> cache.get(image)).isInstanceOf(StorageException.class);
        breakAfter = Integer.MAX_VALUE;
        assertThat(new ImageCache(directory, this::serve).get(image)).hasBinaryContent(content);
        assertThat(askedFrom).containsExactly(0L, 10L);
    }

    @Test
    void whatArrivesWithAnotherDigestIsNotKept() throws Exception {
        served = "an image of same length!".substring(0, content.length).getBytes(StandardCharsets.US_ASCII);
        assertThatThrownBy(() -> cache.get(image))
                .isInstanceOfSatisfying(
                        StorageException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.IMAGE_UNAVAILABLE));
        served = content;
        assertThat(cache.get(image)).hasBinaryContent(content);
    }

    @Test
    void honoursWhatSomebodyPutThereOnceVerified() throws Exception {
        Files.write(directory.resolve(image.sha256()), content);
        assertThat(cache.get(image)).hasBinaryContent(content);
        assertThat(askedFrom).isEmpty();
    }

    @Test
    void aFileThatWasChangedIsFetchedAgain() throws Exception {
        var file = cache.get(image);
        Files.writeString(file, "something else");
        assertThatThrownBy(() -> cache.get(image)).hasMessageContaining("another digest");
        assertThat(cache.get(image)).hasBinaryContent(content);
    }

    @Test
    void aNameThatIsNoDigestIsRefused() {
        var evil = new ImageFile(DesiredImage.Role.DISK, "../../etc/passwd", 1);
        assertThatThrownBy(() -> cache.get(evil)).isInstanceOf(StorageException.class);
    }
}
