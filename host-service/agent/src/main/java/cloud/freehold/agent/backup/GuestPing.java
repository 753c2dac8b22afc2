package cloud.freehold.agent.backup;

import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.common.UnixStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import tools.jackson.core.JacksonException;

/** Asks the guest agent behind a socket whether it lives. */
final class GuestPing {
    private static final Duration ANSWER = Duration.ofSeconds(3);
    private static final int LONGEST = 64 << 10;
    /** Ends what an earlier question may have left half-read. */
    private static final byte FLUSH = (byte) 0xff;

    static boolean answers(Path socket) {
        long end = System.nanoTime() + ANSWER.toNanos();
        try (var stream = UnixStream.open(socket)) {
            long id = System.nanoTime() & 0xffffff;
            var question = "{\"execute\":\"guest-sync\",\"arguments\":{\"id\":" + id + "}}\n";
            var bytes = question.getBytes(StandardCharsets.US_ASCII);
            var flushed = new byte[bytes.length + 1];
            flushed[0] = FLUSH;
            System.arraycopy(bytes, 0, flushed, 1, bytes.length);
            stream.write(flushed, end);
            while (true) {
                if (returned(stream.readLine(LONGEST, end)) == id) {
                    return true;
                }
            }
        } catch (IOException e) {
            return false;
        }
    }

    /** −1: something else. */
    private static long returned(byte[] line) {
        try {
            return Json.MAPPER.readTree(line).path("return").asLong(-1);
        } catch (JacksonException e) {
            return -1;
        }
    }

    private GuestPing() {}
}
