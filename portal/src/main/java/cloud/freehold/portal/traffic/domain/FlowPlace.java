package cloud.freehold.portal.traffic.domain;

import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The last flow of a page, as an address carries it. */
record FlowPlace(Instant last, long sequence) {

    private static final Pattern WRITTEN = Pattern.compile("([0-9]{1,16})~([0-9]{1,18})");
    private static final long MICROS = 1_000_000;

    static FlowPlace of(Flow flow) {
        return new FlowPlace(flow.last(), flow.sequence());
    }

    /** What makes no sense is the beginning. */
    static Optional<FlowPlace> read(@Nullable String text) {
        var matcher = WRITTEN.matcher(text == null ? "" : text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long micros = Long.parseLong(matcher.group(1));
        return Optional.of(new FlowPlace(
                Instant.ofEpochSecond(micros / MICROS, micros % MICROS * 1_000), Long.parseLong(matcher.group(2))));
    }

    String write() {
        return last.getEpochSecond() * MICROS + last.getNano() / 1_000 + "~" + sequence;
    }
}
