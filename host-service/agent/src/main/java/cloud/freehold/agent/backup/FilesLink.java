package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.common.UnixStream;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandResult.FilesListed;
import cloud.freehold.api.command.CommandResult.FilesListed.Entry;
import cloud.freehold.api.command.CommandResult.FilesListed.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Locale;

/**
 * Speaks with fhfiles in a helper guest (docker/guest/files.c has the protocol). The guest may have been taken over by the disk that it looks at: whatever
 * comes is bounded, checked, and believed only in so far as it is shown to the owner of that disk.
 */
final class FilesLink implements AutoCloseable {
    private static final Duration BOOT = Duration.ofMinutes(3);
    private static final Duration SILENCE = Duration.ofSeconds(30);
    private static final int LONGEST_MESSAGE = 65_536;
    private static final int MOST_ENTRIES = 5_000;
    private static final int LONGEST_NAME = 255;
    private static final int ENTRY_HEAD = 17;
    private static final int SIGNS_OF_LIFE_IN_A_ROW = 1_000;

    /** @param payload without the type */
    private record Message(char type, ByteBuffer payload) {}

    private final UnixStream stream;

    private FilesLink(UnixStream stream) {
        this.stream = stream;
    }

    /** Waits until the guest has looked for file systems. */
    static FilesLink open(Path socket) throws IOException, OrderFailure {
        var link = new FilesLink(UnixStream.open(socket));
        try {
            var ready = link.next(BOOT);
            if (ready.type() != 'R') {
                throw nonsense("says " + ready.type() + " before it is ready");
            }
            var found = text(ready.payload());
            if (found.startsWith("0")) {
                throw nothingToLookInto(found.substring(1).strip());
            }
            return link;
        } catch (IOException | OrderFailure e) {
            link.close();
            throw e;
        }
    }

    /** @param instead what the guest has found */
    private static OrderFailure nothingToLookInto(String instead) {
        return switch (instead) {
            case "encrypted" ->
                new OrderFailure(
                        ProblemCode.ENCRYPTED,
                        "The volume is encrypted, and only you have its key. Restore the volume to a VM, and unlock it there.");
            case "damaged" ->
                new OrderFailure(
                        ProblemCode.FILE_SYSTEM_DAMAGED,
                        "The file system on the volume is too damaged to be read. Look into an earlier point, or restore the volume to"
                                + " a VM and repair it there.");
            default ->
                new OrderFailure(
                        ProblemCode.NO_FILE_SYSTEM,
                        "No file system was found on the volume that can be read: ext4, XFS, Btrfs and FAT can. Restore the volume to a"
                                + " VM, which reads what it was set up for, such as volume groups.");
        };
    }

    FilesListed list(String path) throws IOException, OrderFailure {
        ask("list", path);
        var entries = new ArrayList<Entry>();
        while (true) {
            var message = next(SILENCE);
            switch (message.type()) {
                case 'E' -> entries.add(entry(message.payload()));
                case 'Z' -> {
                    entries.sort(Comparator.comparing(Entry::name));
                    return new FilesListed(entries, text(message.payload()).equals("t"));
                }
                case 'X' -> throw failure(message.payload());
                default -> throw nonsense("answers a list with " + message.type());
            }
            if (entries.size() > MOST_ENTRIES) {
                throw nonsense("lists without end");
            }
        }
    }

    /** A file, or a tar of a folder. To be read to its end before anything else is asked for. */
    InputStream file(String path) throws IOException, OrderFailure {
        ask("file", path);
        var first = next(SILENCE);
        if (first.type() == 'X') {
            throw failure(first.payload());
        }
        return new Bytes(first);
    }

    private void ask(String what, String path) throws IOException {
        var line = what + " " + encoded(path) + "\n";
        stream.write(line.getBytes(StandardCharsets.US_ASCII), System.nanoTime() + SILENCE.toNanos());
    }

    static String encoded(String path) {
        var out = new StringBuilder();
        for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
            int c = b & 0xff;
            boolean plain =
                    c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || "/._-".indexOf(c) >= 0;
            out.append(plain ? String.valueOf((char) c) : String.format(Locale.ROOT, "%%%02x", c));
        }
        return out.toString();
    }

    private Message next(Duration silence) throws IOException {
        for (int i = 0; i < SIGNS_OF_LIFE_IN_A_ROW; i++) {
            long end = System.nanoTime() + silence.toNanos();
            int length = ByteBuffer.wrap(stream.readBytes(4, end)).getInt();
            if (length < 1 || length > LONGEST_MESSAGE) {
                throw nonsense("sends " + length + " bytes");
            }
            var bytes = ByteBuffer.wrap(stream.readBytes(length, end));
            char type = (char) (bytes.get() & 0xff);
            if (type != 'H') {
                return new Message(type, bytes.slice());
            }
        }
        throw nonsense("says nothing but that it is alive");
    }

    private static Entry entry(ByteBuffer payload) throws IOException {
        if (payload.remaining() <= ENTRY_HEAD || payload.remaining() > ENTRY_HEAD + LONGEST_NAME) {
            throw nonsense("sends an entry of " + payload.remaining() + " bytes");
        }
        var kind = switch (payload.get()) {
            case 'f' -> Kind.FILE;
            case 'd' -> Kind.FOLDER;
            case 'l' -> Kind.LINK;
            default -> Kind.OTHER;
        };
        long size = Math.max(0, payload.getLong());
        long modified = payload.getLong();
        var name = text(payload).replaceAll("[\\p{Cntrl}/]", "?");
        return new Entry(name, kind, size, modified);
    }

    /** What is not UTF-8 becomes a replacement character. */
    private static String text(ByteBuffer payload) {
        return StandardCharsets.UTF_8.decode(payload).toString();
    }

    private static OrderFailure failure(ByteBuffer payload) {
        return switch (text(payload)) {
            case "missing" -> notThere("There is nothing of that name in the point. Look at the folder again.");
            case "not-a-folder" -> notThere("That is no folder. Download it instead.");
            case "too-long" -> notThere("The path is too long to be looked for.");
            default ->
                new OrderFailure(
                        ProblemCode.FILE_SYSTEM_DAMAGED,
                        "It cannot be read; the file system in the point may be damaged. Look into an earlier point, or restore the"
                                + " volume to a VM and repair it there.");
        };
    }

    private static OrderFailure notThere(String message) {
        return new OrderFailure(ProblemCode.NOT_THERE, message);
    }

    private static IOException nonsense(String what) {
        return new IOException("the helper guest " + what);
    }

    @Override
    public void close() {
        stream.close();
    }

    private final class Bytes extends InputStream {
        private ByteBuffer present;
        private boolean ended;

        Bytes(Message first) throws IOException {
            take(first);
        }

        private void take(Message message) throws IOException {
            switch (message.type()) {
                case 'D' -> present = message.payload();
                case 'Z' -> {
                    present = ByteBuffer.allocate(0);
                    ended = true;
                }
                case 'X' -> throw new IOException("the file cannot be read to its end: " + text(message.payload()));
                default -> throw nonsense("answers a file with " + message.type());
            }
        }

        private boolean fill() throws IOException {
            while (!present.hasRemaining() && !ended) {
                take(next(SILENCE));
            }
            return present.hasRemaining();
        }

        @Override
        public int read() throws IOException {
            return fill() ? present.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] into, int from, int most) throws IOException {
            if (most == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int count = Math.min(most, present.remaining());
            present.get(into, from, count);
            return count;
        }
    }
}
