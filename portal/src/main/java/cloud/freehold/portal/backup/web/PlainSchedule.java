package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.Schedule;
import cloud.freehold.portal.common.InvalidInputException;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A schedule in plain choices, to and from cron. */
record PlainSchedule(Kind kind, String every, String at, String weekday, String monthDay, String cron) {

    enum Kind {
        HOURLY,
        DAILY,
        WEEKDAYS,
        WEEKLY,
        MONTHLY,
        CRON;

        static Kind of(@Nullable String text) {
            return Arrays.stream(values())
                    .filter(kind -> kind.name().equals(text))
                    .findFirst()
                    .orElseThrow(() -> InvalidInputException.field(
                            "backup.schedule", "kind", "Choose how often the backup is taken."));
        }
    }

    private static final Pattern HOURLY = Pattern.compile("0 0 \\*(?:/(\\d{1,2}))? \\* \\* \\*");
    private static final Pattern DAYS = Pattern.compile("0 (\\d{1,2}) (\\d{1,2}) \\* \\* (\\*|1-5|[1-7])");
    private static final Pattern MONTHLY = Pattern.compile("0 (\\d{1,2}) (\\d{1,2}) (\\d{1,2}|L) \\* \\*");

    static PlainSchedule of(Schedule schedule) {
        Matcher hourly = HOURLY.matcher(schedule.cron());
        if (hourly.matches()) {
            return usual(Kind.HOURLY, hourly.group(1) == null ? "1" : hourly.group(1), "02:30", "1", "1");
        }
        Matcher days = DAYS.matcher(schedule.cron());
        if (days.matches()) {
            String at = clock(days);
            return switch (days.group(3)) {
                case "*" -> usual(Kind.DAILY, "6", at, "1", "1");
                case "1-5" -> usual(Kind.WEEKDAYS, "6", at, "1", "1");
                default -> usual(Kind.WEEKLY, "6", at, days.group(3), "1");
            };
        }
        Matcher monthly = MONTHLY.matcher(schedule.cron());
        if (monthly.matches()) {
            return usual(Kind.MONTHLY, "6", clock(monthly), "1", monthly.group(3));
        }
        String cron = schedule.cron().startsWith("0 ") ? schedule.cron().substring(2) : schedule.cron();
        return new PlainSchedule(Kind.CRON, "6", "02:30", "1", "1", cron);
    }

    private static PlainSchedule usual(Kind kind, String every, String at, String weekday, String monthDay) {
        return new PlainSchedule(kind, every, at, weekday, monthDay, "");
    }

    private static String clock(Matcher matcher) {
        return LocalTime.of(Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(1)))
                .toString();
    }

    Schedule toSchedule(ZoneId zone, Instant now) {
        String text = switch (kind) {
            case HOURLY -> {
                int hours = PolicyForm.number("every", every, 1, 23);
                yield hours == 1 ? "0 * * * *" : "0 */" + hours + " * * *";
            }
            case DAILY -> time() + " * * *";
            case WEEKDAYS -> time() + " * * 1-5";
            case WEEKLY -> time() + " * * " + PolicyForm.number("weekday", weekday, 1, 7);
            case MONTHLY ->
                time() + " " + (monthDay.equals("L") ? "L" : PolicyForm.number("monthDay", monthDay, 1, 28)) + " * *";
            case CRON -> cron;
        };
        return Schedule.parse(text, kind == Kind.CRON ? "cron" : "kind", zone, now);
    }

    private String time() {
        try {
            LocalTime time = LocalTime.parse(at);
            return time.getMinute() + " " + time.getHour();
        } catch (DateTimeParseException e) {
            throw InvalidInputException.field("backup.schedule", "at", "Write the time as 02:30.");
        }
    }
}
