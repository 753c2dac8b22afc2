package cloud.freehold.portal.backup.domain;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** How a point is called where only text can stand. */
public final class PointNames {

    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private PointNames() {}

    public static String of(Instant takenAt) {
        return FORMAT.format(takenAt);
    }
}
