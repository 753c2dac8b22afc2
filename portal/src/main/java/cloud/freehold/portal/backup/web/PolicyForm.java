package cloud.freehold.portal.backup.web;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.NewBackup;
import cloud.freehold.portal.backup.Policy;
import cloud.freehold.portal.backup.PolicySettings;
import cloud.freehold.portal.backup.Retention;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.common.InvalidInputException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A policy as a form asks for it: plain choices first, cron for those who want it. */
record PolicyForm(
        @Nullable String name,
        @Nullable String enabled,
        @Nullable String store,
        @Nullable String scope,
        @Nullable String labels,
        @Nullable String kind,
        @Nullable String every,
        @Nullable String at,
        @Nullable String weekday,
        @Nullable String monthDay,
        @Nullable String cron,
        @Nullable Consistency wanted,
        @Nullable Consistency acceptable,
        @Nullable String freezeLimit,
        @Nullable String keepLast,
        @Nullable String keepHourly,
        @Nullable String keepDaily,
        @Nullable String keepWeekly,
        @Nullable String keepMonthly,
        @Nullable String keepYearly,
        @Nullable String objective,
        @Nullable String verify,
        @Nullable String drill,
        @Nullable String drillPort,
        @Nullable String drillPath,
        @Nullable String recovery,
        @Nullable Long version) {

    private static final Pattern DECIMAL = Pattern.compile("\\d{1,6}([.,]\\d{1,4})?");

    static PolicyForm empty(@Nullable StoreId store) {
        Retention keep = Retention.USUAL;
        return new PolicyForm(
                "",
                "true",
                store == null ? "" : store.toString(),
                "ALL",
                "",
                PlainSchedule.Kind.DAILY.name(),
                "6",
                "02:30",
                "1",
                "1",
                "",
                Consistency.FILESYSTEM,
                Consistency.CRASH,
                "10",
                text(keep.last()),
                text(keep.hourly()),
                text(keep.daily()),
                text(keep.weekly()),
                text(keep.monthly()),
                text(keep.yearly()),
                "26",
                Cadence.WEEKLY.name(),
                Cadence.NEVER.name(),
                "",
                "",
                "",
                null);
    }

    static PolicyForm of(Policy policy) {
        PolicySettings settings = policy.settings();
        Retention keep = settings.retention();
        PlainSchedule plain = PlainSchedule.of(settings.schedule());
        return new PolicyForm(
                settings.name(),
                settings.enabled() ? "true" : null,
                settings.store().toString(),
                settings.allVms() ? "ALL" : "LABELS",
                String.join(", ", settings.labels()),
                plain.kind().name(),
                plain.every(),
                plain.at(),
                plain.weekday(),
                plain.monthDay(),
                plain.cron(),
                settings.wanted(),
                settings.acceptable(),
                seconds(settings.freezeLimitMillis()),
                text(keep.last()),
                text(keep.hourly()),
                text(keep.daily()),
                text(keep.weekly()),
                text(keep.monthly()),
                text(keep.yearly()),
                in(Duration.ofHours(1), settings.objective()),
                Cadence.of(settings.verify()),
                Cadence.of(settings.drill()),
                settings.drillPort() == null ? "" : settings.drillPort().toString(),
                Objects.requireNonNullElse(settings.drillPath(), ""),
                in(Duration.ofMinutes(1), settings.recoveryObjective()),
                policy.version());
    }

    PolicySettings toSettings(ZoneId zone, Instant now) {
        return new PolicySettings(
                name == null ? "" : name,
                "true".equals(enabled),
                storeId(),
                !"LABELS".equals(scope),
                labelList(),
                new PlainSchedule(PlainSchedule.Kind.of(kind), or(every), or(at), or(weekday), or(monthDay), or(cron))
                        .toSchedule(zone, now),
                Objects.requireNonNullElse(wanted, Consistency.FILESYSTEM),
                Objects.requireNonNullElse(acceptable, Consistency.CRASH),
                freezeMillis(),
                retention(),
                duration("objective", objective, Duration.ofHours(1), 9_000),
                Cadence.schedule("verify", verify, zone, now),
                Cadence.schedule("drill", drill, zone, now),
                drillPort == null || drillPort.isBlank() ? null : number("drillPort", drillPort, 1, 65_535),
                drillPath == null || drillPath.isBlank() ? null : drillPath.strip(),
                duration("recovery", recovery, Duration.ofMinutes(1), 10_000));
    }

    Retention retention() {
        return new Retention(
                count("keepLast", keepLast),
                count("keepHourly", keepHourly),
                count("keepDaily", keepDaily),
                count("keepWeekly", keepWeekly),
                count("keepMonthly", keepMonthly),
                count("keepYearly", keepYearly));
    }

    private StoreId storeId() {
        try {
            return StoreId.of(or(store));
        } catch (RuntimeException none) {
            throw InvalidInputException.field("backup.policy-store", "store", "Choose where the points go.");
        }
    }

    private List<String> labelList() {
        return "LABELS".equals(scope)
                ? Arrays.stream(or(labels).split("[,\\s]+"))
                        .filter(label -> !label.isEmpty())
                        .toList()
                : List.of();
    }

    private int freezeMillis() {
        if (freezeLimit == null || freezeLimit.isBlank()) {
            return NewBackup.USUAL_FREEZE_LIMIT;
        }
        try {
            double seconds = Double.parseDouble(freezeLimit.strip());
            if (seconds >= 0.1 && seconds <= 60) {
                return (int) Math.round(seconds * 1_000);
            }
        } catch (NumberFormatException e) {
            // Answered below like any other wrong number.
        }
        throw InvalidInputException.field(
                "backup.freeze-limit", "freezeLimit", "The freeze may last between 0.1 and 60 seconds.");
    }

    private static int count(String field, @Nullable String text) {
        return text == null || text.isBlank() ? 0 : number(field, text, 0, 1_000);
    }

    static int number(String field, String text, int least, int most) {
        try {
            int number = Integer.parseInt(text.strip());
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Answered below like any other wrong number.
        }
        throw InvalidInputException.field(
                "backup.policy-number", field, "Write a number between " + least + " and " + most + ".");
    }

    private static String or(@Nullable String text) {
        return text == null ? "" : text.strip();
    }

    private static String text(int number) {
        return Integer.toString(number);
    }

    private static String seconds(int millis) {
        return millis % 1_000 == 0 ? text(millis / 1_000) : Double.toString(millis / 1_000.0);
    }

    /** So exactly that it is the same when it comes back: an API client may have set any number of seconds. */
    private static String in(Duration unit, @Nullable Duration duration) {
        return duration == null
                ? ""
                : BigDecimal.valueOf(duration.toSeconds())
                        .divide(BigDecimal.valueOf(unit.toSeconds()), 4, RoundingMode.HALF_UP)
                        .stripTrailingZeros()
                        .toPlainString();
    }

    private static @Nullable Duration duration(String field, @Nullable String text, Duration unit, int most) {
        if (text == null || text.isBlank()) {
            return null;
        }
        if (DECIMAL.matcher(text.strip()).matches()) {
            BigDecimal number = new BigDecimal(text.strip().replace(',', '.'));
            long seconds = number.multiply(BigDecimal.valueOf(unit.toSeconds()))
                    .setScale(0, RoundingMode.HALF_UP)
                    .longValueExact();
            if (seconds > 0 && number.compareTo(BigDecimal.valueOf(most)) <= 0) {
                return Duration.ofSeconds(seconds);
            }
        }
        throw InvalidInputException.field(
                "backup.policy-number", field, "Write a number above 0, and at most " + most + ".");
    }
}
