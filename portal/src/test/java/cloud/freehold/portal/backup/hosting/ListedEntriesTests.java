package cloud.freehold.portal.backup.hosting;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.command.CommandResult.FilesListed;
import cloud.freehold.api.command.CommandResult.FilesListed.Entry;
import cloud.freehold.api.command.CommandResult.FilesListed.Kind;
import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;

class ListedEntriesTests {

    @Test
    void whatIsNoNameIsLeftOutAndWhatIsNoTextIsReplaced() {
        FilesListed said = new FilesListed(
                Arrays.asList(
                        null,
                        new Entry(null, Kind.FILE, 1, 1),
                        new Entry("", Kind.FILE, 1, 1),
                        new Entry(".", Kind.FOLDER, 1, 1),
                        new Entry("..", Kind.FOLDER, 1, 1),
                        new Entry("a/b", Kind.FILE, 1, 1),
                        new Entry("x".repeat(256), Kind.FILE, 1, 1),
                        new Entry("half\ud800\u0000\n", null, -1, Long.MAX_VALUE)),
                false);
        assertThat(ListedEntries.usable(said)).containsExactly(new Entry("half???", Kind.OTHER, 0, 253_402_300_799L));
        assertThat(ListedEntries.isTruncated(said)).isFalse();
    }

    @Test
    void listWithoutEndIsCutShort() {
        FilesListed endless = new FilesListed(Collections.nCopies(6_000, new Entry("a", Kind.FILE, 1, 1)), false);
        assertThat(ListedEntries.usable(endless)).hasSize(5_000);
        assertThat(ListedEntries.isTruncated(endless)).isTrue();
    }
}
