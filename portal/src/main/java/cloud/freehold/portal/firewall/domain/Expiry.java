package cloud.freehold.portal.firewall.domain;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** When a rule ends, as text: {@code 2h}, {@code 30 min}, {@code 2026-12-24 18:00} in the tenant's zone, or ISO with zone. */
final class Expiry {

    private static final Pattern SPAN = Pattern.compile(
            "(?:in\\s+)?([0-9]{1,4})\\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)", Pattern.CASE_INSENSITIVE);
    private static final DateTimeFormatter LOCAL = new DateTimeFormatterBuilder()
            .appendPattern("uuuu-MM-dd")
            .optionalStart()
            .appendPattern("[' ']['T']HH:mm[:ss]")
            .optionalEnd()
            .parseDefaulting(ChronoField.HOUR_OF_DAY, 0)
            .parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0)
            .toFormatter(Locale.ROOT);
    private static final Duration FARTHEST = Duration.ofDays(3660);

    private Expiry() {}

    static @Nullable Instant parse(String text, Instant now, ZoneId zone) {
        String word = text.strip();
        if (word.isEmpty() || word.equalsIgnoreCase("never")) {
            return null;
        }
        Instant at = read(word, now, zone).truncatedTo(ChronoUnit.SECONDS);
        if (at.isAfter(now.plus(FARTHEST))) {
            throw new UnreadableException("“" + word + "” is more than ten years away. Leave the field empty for a rule"
                    + " that does not end.");
        }
        return at;
    }

    private static Instant read(String word, Instant now, ZoneId zone) {
        Matcher span = SPAN.matcher(word);
        if (span.matches()) {
            return now.plus(span(
                    Long.parseLong(span.group(1)),
                    Character.toLowerCase(span.group(2).charAt(0))));
        }
        try {
            if (word.endsWith("Z") || word.matches(".*T.*[+-][0-9]{2}:?[0-9]{2}")) {
                return OffsetDateTime.parse(word).toInstant();
            }
            return LocalDateTime.parse(word, LOCAL).atZone(zone).toInstant();
        } catch (DateTimeException e) {
            throw new UnreadableException("“" + word + "” is not a time. Write a span like 2h or 3d, or a time like "
                    + LocalDateTime.ofInstant(now.plus(1, ChronoUnit.DAYS), zone)
                            .format(DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm", Locale.ROOT))
                    + " (" + zone + ").");
        }
    }

    private static Duration span(long count, char unit) {
        return switch (unit) {
            case 'm' -> Duration.ofMinutes(count);
            case 'h' -> Duration.ofHours(count);
            case 'd' -> Duration.ofDays(count);
            default -> Duration.ofDays(7 * count);
        };
    }

    static String format(@Nullable Instant at) {
        return at == null ? "" : at.toString();
    }
}
