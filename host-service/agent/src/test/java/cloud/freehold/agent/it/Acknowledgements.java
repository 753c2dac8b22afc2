package cloud.freehold.agent.it;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Pattern;

/** Follows a guest's console and keeps when each record of its writer was known to be safe, by the host's clock. */
final class Acknowledgements implements AutoCloseable {
    private static final Pattern LINE = Pattern.compile("fhwriter: (\\d+)\r?\n");

    private final Path console;
    private final NavigableMap<Instant, Long> safe = new ConcurrentSkipListMap<>();
    private final Thread follower;
    private volatile boolean open = true;

    Acknowledgements(Path console) {
        this.console = console;
        this.follower = new Thread(this::follow, "acknowledgements");
        follower.setDaemon(true);
        follower.start();
    }

    private void follow() {
        long from = 0;
        var rest = "";
        while (open) {
            try {
                if (Files.exists(console)) {
                    try (var file = new RandomAccessFile(console.toFile(), "r")) {
                        from = Math.min(from, file.length());
                        var news = new byte[(int) Math.min(file.length() - from, 1 << 16)];
                        file.seek(from);
                        file.readFully(news);
                        from += news.length;
                        rest = take(rest + new String(news, StandardCharsets.ISO_8859_1));
                    }
                }
                Thread.sleep(1);
            } catch (IOException | InterruptedException e) {
                // The next look tells.
            }
        }
    }

    private String take(String text) {
        var now = Instant.now();
        var matcher = LINE.matcher(text);
        int end = 0;
        long last = 0;
        while (matcher.find()) {
            last = Long.parseLong(matcher.group(1));
            end = matcher.end();
        }
        if (end > 0) {
            safe.put(now, last);
        }
        return text.substring(Math.max(end, text.length() - 100));
    }

    /** How many times something was acknowledged since then. */
    int since(Instant time) {
        return safe.tailMap(time).size();
    }

    /** Which record was certainly safe at that time. */
    long safeBefore(Instant time) {
        Map.Entry<Instant, Long> entry = safe.lowerEntry(time);
        return entry == null ? 0 : entry.getValue();
    }

    @Override
    public void close() {
        open = false;
    }
}
