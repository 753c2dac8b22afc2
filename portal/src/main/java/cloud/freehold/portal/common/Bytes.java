package cloud.freehold.portal.common;

import java.util.Locale;
import org.springframework.stereotype.Component;

/** Amounts of data for people; templates find it as {@code @bytes}. */
@Component("bytes")
public class Bytes {

    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

    public String format(long bytes) {
        double amount = bytes;
        int unit = 0;
        while (amount >= 1024 && unit < UNITS.length - 1) {
            amount /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", amount, UNITS[unit]);
    }
}
