package cloud.freehold.e2e;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One TCP connection between guests over which a line goes and comes back all the time. */
final class Transfer {

    private final Guest from;
    private final String file;

    private Transfer(Guest from, String file) {
        this.from = from;
        this.file = file;
    }

    static Transfer start(Guest from, String address, int port) {
        String file = "/run/transfer." + UUID.randomUUID().toString().substring(0, 8);
        from.output("fhprobe stream %s %d %s >/dev/null 2>&1 &".formatted(address, port, file));
        var transfer = new Transfer(from, file);
        Await.until("the transfer runs", Duration.ofSeconds(10), transfer::progress, progress -> progress.echoed() > 5);
        return transfer;
    }

    /**
     * @param state "open" or why it ended
     * @param echoed lines that came back
     * @param silent since the last one
     * @param longestGap between two of them
     */
    record Progress(String state, long echoed, Duration silent, Duration longestGap) {}

    Progress progress() {
        Map<String, String> values = Stream.of(from.output("cat " + file).split(" (?=[a-z_]+=)"))
                .map(pair -> pair.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
        return new Progress(
                values.getOrDefault("state", "unknown"),
                Long.parseLong(values.getOrDefault("echoed", "0")),
                millis(values, "silent_ms"),
                millis(values, "longest_gap_ms"));
    }

    /** Nothing came back for so long that retransmissions must have been dropped. */
    void awaitCut(Duration atMost) {
        Await.until(
                "the transfer is cut",
                atMost,
                this::progress,
                progress ->
                        !progress.state().equals("open") || progress.silent().compareTo(Duration.ofMillis(1500)) > 0);
    }

    /** More lines come back. */
    void awaitProgress() {
        long before = progress().echoed();
        Await.until("the transfer goes on", Duration.ofSeconds(10), this::progress, now -> now.echoed() > before + 5);
    }

    private static Duration millis(Map<String, String> values, String name) {
        return Duration.ofMillis(Long.parseLong(values.getOrDefault(name, "0")));
    }
}
