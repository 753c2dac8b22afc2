package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.Schedule;
import cloud.freehold.portal.common.InvalidInputException;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How often points are verified or drilled: rarely worth more than a choice, at a quiet hour. Other schedules come by the API. */
enum Cadence {
    NEVER("Never", null),
    DAILY("Every day at 05:00", "0 5 * * *"),
    WEEKLY("Every Sunday at 05:00", "0 5 * * 7"),
    MONTHLY("On the first of each month at 05:00", "0 5 1 * *");

    private static final String AS_IT_IS = "cron:";

    private final String label;
    private final @Nullable String cron;

    Cadence(String label, @Nullable String cron) {
        this.label = label;
        this.cron = cron;
    }

    /** @param now the value that the form has: a schedule of its own stays a choice */
    static Map<String, String> options(@Nullable String now) {
        Map<String, String> options = new LinkedHashMap<>();
        for (Cadence cadence : values()) {
            options.put(cadence.name(), cadence.label);
        }
        if (now != null && now.startsWith(AS_IT_IS)) {
            options.put(now, new Schedule(sixFields(now.substring(AS_IT_IS.length()))).inWords());
        }
        return options;
    }

    /** What the form shows as chosen. */
    static String of(@Nullable Schedule schedule) {
        if (schedule == null) {
            return NEVER.name();
        }
        String cron = schedule.cron().startsWith("0 ") ? schedule.cron().substring(2) : schedule.cron();
        return Arrays.stream(values())
                .filter(cadence -> cron.equals(cadence.cron))
                .map(Enum::name)
                .findFirst()
                .orElse(AS_IT_IS + cron);
    }

    private static String sixFields(String cron) {
        return cron.split("\\s+").length == 5 ? "0 " + cron : cron;
    }

    static @Nullable Schedule schedule(String field, @Nullable String chosen, ZoneId zone, Instant now) {
        if (chosen == null || chosen.isBlank() || chosen.equals(NEVER.name())) {
            return null;
        }
        String cron = chosen.startsWith(AS_IT_IS)
                ? chosen.substring(AS_IT_IS.length())
                : Arrays.stream(values())
                        .filter(cadence -> cadence.name().equals(chosen))
                        .map(cadence -> cadence.cron)
                        .findFirst()
                        .orElseThrow(
                                () -> InvalidInputException.field("backup.schedule", field, "Choose one of the list."));
        return cron == null ? null : Schedule.parse(cron, field, zone, now);
    }
}
