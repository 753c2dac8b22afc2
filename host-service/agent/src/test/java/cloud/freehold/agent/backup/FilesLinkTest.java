package cloud.freehold.agent.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import cloud.freehold.agent.command.FakeOrder;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandResult.FilesListed.Entry;
import cloud.freehold.api.command.CommandResult.FilesListed.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a helper guest says. */
class FilesLinkTest {
    @TempDir
    Path directory;

    private Path path;
    private ServerSocketChannel server;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @BeforeEach
    void listen() throws IOException {
        path = directory.resolve("files");
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path));
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    private FilesLinkTest message(char type, byte[] payload) {
        said.writeBytes(ByteBuffer.allocate(4).putInt(payload.length + 1).array());
        said.write(type);
        said.writeBytes(payload);
        return this;
    }

    private FilesLinkTest message(char type, String payload) {
        return message(type, payload.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] entry(char kind, long size, long modified, String name) {
        var bytes = name.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(17 + bytes.length)
                .put((byte) kind)
                .putLong(size)
                .putLong(modified)
                .put(bytes)
                .array();
    }

    /** Says all of it at once, and hangs up. */
    private FilesLink open() throws IOException, OrderFailure {
        Threads.start("guest", () -> {
            try (var peer = server.accept()) {
                var bytes = ByteBuffer.wrap(said.toByteArray());
                while (bytes.hasRemaining()) {
                    peer.write(bytes);
                }
                peer.shutdownOutput();
                var rest = ByteBuffer.allocate(1000);
                while (peer.read(rest) >= 0) {
                    rest.clear();
                }
            } catch (IOException e) {
                // The test is over.
            }
        });
        return FilesLink.open(path);
    }

    @Test
    void listsAFolderSorted() throws Exception {
        message('H', "").message('R', "2").message('E', entry('f', 5, 1700000000, "b.txt"));
        message('E', entry('d', 4096, 1, "a"))
                .message('E', entry('l', 3, 1, "z"))
                .message('Z', "t");
        try (var link = open()) {
            var listed = link.list("/disk");
            assertThat(listed.truncated()).isTrue();
            assertThat(listed.entries())
                    .containsExactly(
                            new Entry("a", Kind.FOLDER, 4096, 1),
                            new Entry("b.txt", Kind.FILE, 5, 1700000000),
                            new Entry("z", Kind.LINK, 3, 1));
        }
    }

    @Test
    void aFileIsItsBytesUntilTheEnd() throws Exception {
        message('R', "1")
                .message('D', "hello ")
                .message('H', "")
                .message('D', "world")
                .message('Z', "");
        try (var link = open();
                var file = link.file("/disk/x")) {
            assertThat(file.readAllBytes()).isEqualTo("hello world".getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void halfAFileIsNone() throws Exception {
        message('R', "1").message('D', "hello ").message('X', "unreadable");
        try (var link = open();
                var file = link.file("/disk/x")) {
            assertThatExceptionOfType(IOException.class).isThrownBy(file::readAllBytes);
        }
    }

    @Test
    void aHangUpIsNoEnd() throws Exception {
        message('R', "1").message('D', "hello ");
        try (var link = open();
                var file = link.file("/disk/x")) {
            assertThatExceptionOfType(IOException.class).isThrownBy(file::readAllBytes);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatBreaksOffIsNoProblemOfTheHostsOwn(boolean hangsUp) throws Exception {
        message('R', "1").message('D', "hello ");
        if (!hangsUp) {
            message('X', "unreadable");
        }
        var order = new FakeOrder();
        try (var link = open()) {
            assertThatExceptionOfType(FetchFileHandler.BrokenOffException.class)
                    .isThrownBy(() -> FetchFileHandler.send(link, "/disk/x", order));
        }
        assertThat(order.output).isNull();
    }

    @Test
    void refusalsAreTheTenants() throws Exception {
        message('R', "1").message('X', "missing");
        try (var link = open()) {
            assertThatExceptionOfType(OrderFailure.class)
                    .isThrownBy(() -> link.list("/nothing"))
                    .satisfies(e -> assertThat(e.code()).isEqualTo(ProblemCode.NOT_THERE));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0 nothing, NO_FILE_SYSTEM, No file system",
        "0 encrypted, ENCRYPTED, unlock it there",
        "0 damaged, FILE_SYSTEM_DAMAGED, repair it there",
        "0 whatever, NO_FILE_SYSTEM, No file system",
        "0, NO_FILE_SYSTEM, No file system"
    })
    void whatHasNoFileSystemsSaysWhatItIs(String ready, ProblemCode code, String message) {
        message('R', ready);
        assertThatExceptionOfType(OrderFailure.class)
                .isThrownBy(this::open)
                .withMessageContaining(message)
                .satisfies(e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void whatCannotBeReadIsDamaged() throws Exception {
        message('R', "1").message('X', "unreadable");
        try (var link = open()) {
            assertThatExceptionOfType(OrderFailure.class)
                    .isThrownBy(() -> link.file("/disk/x"))
                    .satisfies(e -> assertThat(e.code()).isEqualTo(ProblemCode.FILE_SYSTEM_DAMAGED));
        }
    }

    @Test
    void namesAreNoPathsAndNoControlCharacters() throws Exception {
        message('R', "1")
                .message('E', entry('f', -1, 0, "../../etc/passwd\u0000\u001b[31m"))
                .message('Z', "");
        try (var link = open()) {
            var entry = link.list("/").entries().get(0);
            assertThat(entry.name())
                    .doesNotContain("/")
                    .doesNotContain("\u0000")
                    .doesNotContain("\u001b");
            assertThat(entry.sizeBytes()).isZero();
        }
    }

    @Test
    void aListHasAnEnd() throws Exception {
        message('R', "1");
        for (int i = 0; i < 5_002; i++) {
            message('E', entry('f', 0, 0, "f" + i));
        }
        try (var link = open()) {
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> link.list("/"));
        }
    }

    @Test
    void lengthsAreBounded() throws Exception {
        message('R', "1");
        said.writeBytes(ByteBuffer.allocate(4).putInt(0x7fffffff).array());
        try (var link = open()) {
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> link.list("/"));
        }
    }

    @Test
    void noiseNeverPasses() throws Exception {
        var random = new Random(4711);
        for (int i = 0; i < 200; i++) {
            var noise = new byte[random.nextInt(300)];
            random.nextBytes(noise);
            said.reset();
            message('R', "1");
            said.writeBytes(noise);
            try (var link = open()) {
                assertThatExceptionOfType(Exception.class)
                        .isThrownBy(() -> link.list("/"))
                        .isInstanceOfAny(IOException.class, OrderFailure.class);
            }
        }
    }

    @Test
    void pathsAreEncoded() {
        assertThat(FilesLink.encoded("/disk/a b\nquit\u00e4%")).isEqualTo("/disk/a%20b%0aquit%c3%a4%25");
    }
}
