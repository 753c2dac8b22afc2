package cloud.freehold.agent.common;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.util.Arrays;

/** A connection to a Unix socket whose reads and writes end at a deadline. One thread at a time. */
public final class UnixStream implements AutoCloseable {
    private final SocketChannel channel;
    private final Selector selector;
    private final ByteBuffer in = ByteBuffer.allocate(64 << 10).flip();

    private UnixStream(SocketChannel channel, Selector selector) {
        this.channel = channel;
        this.selector = selector;
    }

    /** @throws IOException nobody listens */
    public static UnixStream open(Path path) throws IOException {
        var channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
        try {
            channel.configureBlocking(false);
            var selector = Selector.open();
            channel.register(selector, SelectionKey.OP_READ);
            return new UnixStream(channel, selector);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Whether somebody listens there. */
    public static boolean answers(Path path) {
        try (var stream = open(path)) {
            return stream.channel.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** Makes a socket that user's, who can connect then. Not what a link leads to: its folder may be somebody's who would put one there. */
    public static void letIn(String user, Path socket) throws IOException {
        var users = socket.getFileSystem().getUserPrincipalLookupService();
        Files.getFileAttributeView(socket, FileOwnerAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .setOwner(users.lookupPrincipalByName(user));
    }

    /** @param end by System.nanoTime() */
    public void write(byte[] bytes, long end) throws IOException {
        var out = ByteBuffer.wrap(bytes);
        while (out.hasRemaining()) {
            if (channel.write(out) == 0) {
                await(SelectionKey.OP_WRITE, end);
            }
        }
    }

    /**
     * Up to a line feed, without it.
     *
     * @throws IOException it is longer than that
     */
    public byte[] readLine(int longest, long end) throws IOException {
        var line = new byte[256];
        int length = 0;
        while (true) {
            byte next = next(end);
            if (next == '\n') {
                return Arrays.copyOf(line, length);
            }
            if (length == longest) {
                throw new IOException("a line is longer than " + longest + " bytes");
            }
            if (length == line.length) {
                line = Arrays.copyOf(line, Math.min(longest, 2 * length));
            }
            line[length++] = next;
        }
    }

    public byte[] readBytes(int count, long end) throws IOException {
        var bytes = new byte[count];
        int from = 0;
        while (from < count) {
            fill(end);
            int some = Math.min(in.remaining(), count - from);
            in.get(bytes, from, some);
            from += some;
        }
        return bytes;
    }

    private byte next(long end) throws IOException {
        fill(end);
        return in.get();
    }

    private void fill(long end) throws IOException {
        while (!in.hasRemaining()) {
            in.clear();
            int count = channel.read(in);
            in.flip();
            if (count < 0) {
                throw new EOFException("the other end hung up");
            }
            if (count == 0) {
                await(SelectionKey.OP_READ, end);
            }
        }
    }

    private void await(int operation, long end) throws IOException {
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
            // What comes late would be taken for the answer to the next question.
            close();
            throw new SocketTimeoutException("no answer in time");
        }
        channel.keyFor(selector).interestOps(operation);
        selector.select(left);
        selector.selectedKeys().clear();
    }

    @Override
    public void close() {
        try {
            selector.close();
            channel.close();
        } catch (IOException e) {
            // It is of no more use anyway.
        }
    }
}
