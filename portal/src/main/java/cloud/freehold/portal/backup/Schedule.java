package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.InvalidInputException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.support.CronExpression;

/**
 * When something is done again and again, in a time zone.
 *
 * @param cron six fields, as Spring's {@code CronExpression} reads them; the first (seconds) is 0
 */
public record Schedule(String cron) {

    /** Two runs are never closer, so that nobody floods a store by a slip of the pen. */
    public static final Duration CLOSEST = Duration.ofMinutes(10);

    private static final int LOOKED_AT = 60;
    private static final int LONGEST = 100;
    private static final Pattern DAILY = Pattern.compile("0 (\\d{1,2}) (\\d{1,2}) \\* \\* (\\S+)");
    private static final Pattern MONTHLY = Pattern.compile("0 (\\d{1,2}) (\\d{1,2}) (\\d{1,2}|L) \\* \\*");
    private static final Pattern HOURLY = Pattern.compile("0 (\\d{1,2}) \\*(?:/(\\d{1,2}))? \\* \\* \\*");

    /**
     * @param text five fields as everywhere, or six with the seconds first; or a macro such as {@code @daily}
     * @throws InvalidInputException for field, saying what is wrong
     */
    public static Schedule parse(String text, String field, ZoneId zone, Instant now) {
        String cron = text.strip();
        if (cron.length() > LONGEST) {
            throw wrong(field, "The expression is too long.");
        }
        if (cron.split("\\s+").length == 5) {
            cron = "0 " + cron;
        }
        Schedule schedule = new Schedule(cron);
        try {
            schedule.expression();
        } catch (IllegalArgumentException e) {
            throw wrong(
                    field,
                    "Write five fields: minute, hour, day of the month, month, day of the week; for example 30 2 * * 1-5.");
        }
        List<Instant> runs = schedule.next(now, zone, LOOKED_AT);
        if (runs.isEmpty()) {
            throw wrong(field, "There is no such day, so it would never run.");
        }
        for (int i = 1; i < runs.size(); i++) {
            if (Duration.between(runs.get(i - 1), runs.get(i)).compareTo(CLOSEST) < 0) {
                throw wrong(field, "Leave at least " + CLOSEST.toMinutes() + " minutes between two runs.");
            }
        }
        return schedule;
    }

    private static InvalidInputException wrong(String field, String message) {
        return InvalidInputException.field("backup.schedule", field, message);
    }

    private CronExpression expression() {
        return CronExpression.parse(cron);
    }

    /** The next runs after a moment; fewer when there are no more. */
    public List<Instant> next(Instant after, ZoneId zone, int count) {
        CronExpression expression = expression();
        List<Instant> runs = new ArrayList<>();
        Instant at = after;
        while (runs.size() < count) {
            Optional<Instant> next = next(expression, at, zone);
            if (next.isEmpty()) {
                break;
            }
            at = next.get();
            runs.add(at);
        }
        return runs;
    }

    /** The last run that is due after one moment and not after the other; empty when none is. */
    public Optional<Instant> lastDue(Instant after, Instant until, ZoneId zone) {
        CronExpression expression = expression();
        Optional<Instant> last = Optional.empty();
        Instant at = after;
        while (true) {
            Optional<Instant> next = next(expression, at, zone);
            if (next.isEmpty() || next.get().isAfter(until)) {
                return last;
            }
            last = next;
            at = next.get();
        }
    }

    /**
     * Where the clocks go forward, Spring leaves out a day whose time does not exist; here it is done as much later as the clocks jump.
     * Where they go back, the same hour comes twice by its name; a run is a moment, so what follows is always later.
     */
    private static Optional<Instant> next(CronExpression expression, Instant after, ZoneId zone) {
        ZonedDateTime at = after.atZone(zone);
        ZonedDateTime regular = expression.next(at);
        while (regular != null && !regular.toInstant().isAfter(after)) {
            regular = expression.next(regular);
        }
        LocalDateTime named = expression.next(at.toLocalDateTime());
        if (named != null && zone.getRules().getValidOffsets(named).isEmpty()) {
            Instant shifted = named.atZone(zone).toInstant();
            if (shifted.isAfter(after) && (regular == null || shifted.isBefore(regular.toInstant()))) {
                return Optional.of(shifted);
            }
        }
        return Optional.ofNullable(regular).map(ZonedDateTime::toInstant);
    }

    /** Such as {@code every day at 02:30}; the expression itself where there is no simple sentence. */
    public String inWords() {
        Matcher hourly = HOURLY.matcher(cron);
        if (hourly.matches()) {
            String past = Integer.parseInt(hourly.group(1)) == 0 ? "" : " at minute " + hourly.group(1);
            return hourly.group(2) == null ? "every hour" + past : "every " + hourly.group(2) + " hours" + past;
        }
        Matcher daily = DAILY.matcher(cron);
        if (daily.matches()) {
            String at = " at " + clock(daily.group(2), daily.group(1));
            String days = days(daily.group(3));
            return days == null ? cron.substring(2) : days + at;
        }
        Matcher monthly = MONTHLY.matcher(cron);
        if (monthly.matches()) {
            String day = monthly.group(3).equals("L") ? "the last day" : "day " + monthly.group(3);
            return "on " + day + " of each month at " + clock(monthly.group(2), monthly.group(1));
        }
        return cron.startsWith("0 ") ? cron.substring(2) : cron;
    }

    private static String clock(String hour, String minute) {
        return String.format(Locale.ROOT, "%02d:%02d", Integer.parseInt(hour), Integer.parseInt(minute));
    }

    private static @Nullable String days(String field) {
        return switch (field.toUpperCase(Locale.ROOT)) {
            case "*", "?" -> "every day";
            case "1-5", "MON-FRI" -> "Monday to Friday";
            case "1", "MON" -> "every Monday";
            case "2", "TUE" -> "every Tuesday";
            case "3", "WED" -> "every Wednesday";
            case "4", "THU" -> "every Thursday";
            case "5", "FRI" -> "every Friday";
            case "6", "SAT" -> "every Saturday";
            case "0", "7", "SUN" -> "every Sunday";
            default -> null;
        };
    }
}
