package cloud.freehold.portal.backup.web;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

/** How far back a timeline looks; ahead it looks a tenth of that. */
enum Range {
    DAY("24 hours", Duration.ofDays(1)),
    WEEK("7 days", Duration.ofDays(7)),
    MONTH("30 days", Duration.ofDays(30)),
    YEAR("1 year", Duration.ofDays(365));

    private final String label;
    private final Duration back;

    Range(String label, Duration back) {
        this.label = label;
        this.back = back;
    }

    String label() {
        return label;
    }

    public String getLabel() {
        return label;
    }

    public String getKey() {
        return name().toLowerCase(Locale.ROOT);
    }

    Duration back() {
        return back;
    }

    Duration ahead() {
        return back.dividedBy(10);
    }

    /** What is none of them is a week. */
    static Range of(String key) {
        return Arrays.stream(values())
                .filter(range -> range.getKey().equals(key))
                .findFirst()
                .orElse(WEEK);
    }
}
