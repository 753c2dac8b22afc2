package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.Timeline;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A timeline as it is drawn: everything has its place in percent of the width, so it fits any screen without scripts. */
record TimelineStrip(List<Tick> ticks, List<Row> rows, String now) {

    /** @param label null where there is no room for one */
    record Tick(String x, @Nullable String label) {}

    /** @param summary what the strip shows, in a sentence */
    record Row(String vmId, String name, boolean exists, List<Dot> dots, String summary) {}

    /** @param kind filesystem, barrier, crash, failed, next */
    record Dot(
            String x,
            String kind,
            boolean isProtected,
            boolean damaged,
            @Nullable String path,
            String title) {}

    private static final int MOST_TICKS = 16;
    private static final int MOST_LABELS = 8;
    /** A label takes this part of the axis, so that none begins nearer to its end. */
    private static final int LABELS_WIDE = 16;

    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("EEE d", Locale.ENGLISH);
    private static final DateTimeFormatter MONTH = DateTimeFormatter.ofPattern("MMM", Locale.ENGLISH);
    private static final DateTimeFormatter HOUR = DateTimeFormatter.ofPattern("HH:mm", Locale.ENGLISH);
    private static final DateTimeFormatter MOMENT = DateTimeFormatter.ofPattern("EEE d MMM HH:mm", Locale.ENGLISH);

    static TimelineStrip of(Timeline timeline, ZoneId zone, Instant now) {
        return new TimelineStrip(
                ticks(timeline, zone),
                timeline.rows().stream().map(row -> row(timeline, row, zone)).toList(),
                x(timeline, now));
    }

    private static Row row(Timeline timeline, Timeline.Row row, ZoneId zone) {
        List<Dot> dots = new ArrayList<>();
        int failed = 0;
        for (Timeline.Mark mark : row.marks()) {
            failed += mark.point() == null ? 1 : 0;
            dots.add(dot(timeline, mark, zone));
        }
        if (row.next() != null) {
            dots.add(new Dot(
                    x(timeline, row.next()),
                    "next",
                    false,
                    false,
                    null,
                    "Next run " + MOMENT.format(row.next().atZone(zone))));
        }
        return new Row(row.vm().toString(), row.name(), row.exists(), dots, summary(row, failed, zone));
    }

    private static Dot dot(Timeline timeline, Timeline.Mark mark, ZoneId zone) {
        String at = MOMENT.format(mark.at().atZone(zone));
        if (mark.point() == null || mark.level() == null) {
            return new Dot(
                    x(timeline, mark.at()),
                    "failed",
                    false,
                    false,
                    "/operations/" + mark.operation(),
                    at + ": failed. " + mark.text());
        }
        return new Dot(
                x(timeline, mark.at()),
                mark.level().name().toLowerCase(Locale.ROOT),
                mark.isProtected(),
                mark.damaged(),
                "/backups/points/" + mark.point(),
                at + ": " + mark.text() + (mark.isProtected() ? ", protected" : "")
                        + (mark.damaged() ? ", damaged" : ""));
    }

    private static String summary(Timeline.Row row, int failed, ZoneId zone) {
        long points = row.marks().size() - failed;
        String last = row.marks().stream()
                .filter(mark -> mark.point() != null)
                .reduce((one, other) -> other)
                .map(mark -> ", the last on " + MOMENT.format(mark.at().atZone(zone)))
                .orElse("");
        return points
                + (points == 1 ? " recovery point" : " recovery points")
                + last
                + (failed == 0 ? "" : ", " + failed + " failed");
    }

    private static List<Tick> ticks(Timeline timeline, ZoneId zone) {
        Duration length = Duration.between(timeline.from(), timeline.until());
        ChronoUnit unit = length.toHours() <= 48
                ? ChronoUnit.HOURS
                : length.toDays() <= 100 ? ChronoUnit.DAYS : ChronoUnit.MONTHS;
        long count = unit.between(timeline.from().atZone(zone), timeline.until().atZone(zone));
        int step = (int) Math.max(1, (count + MOST_TICKS - 1) / MOST_TICKS);
        if (unit == ChronoUnit.HOURS) {
            step = step <= 2 ? step : step <= 3 ? 3 : 6;
        }
        DateTimeFormatter format = unit == ChronoUnit.HOURS ? HOUR : unit == ChronoUnit.DAYS ? DAY : MONTH;
        ZonedDateTime at = begin(timeline.from().atZone(zone), unit);
        int every = (int) Math.max(1, (count / step + MOST_LABELS) / MOST_LABELS);
        Instant lastLabel = timeline.until().minus(length.dividedBy(LABELS_WIDE));
        List<Tick> ticks = new ArrayList<>();
        for (int i = 0; !at.toInstant().isAfter(timeline.until()); i++) {
            if (!at.toInstant().isBefore(timeline.from())) {
                boolean room = i % every == 0 && at.toInstant().isBefore(lastLabel);
                ticks.add(new Tick(x(timeline, at.toInstant()), room ? format.format(at) : null));
            }
            at = at.plus(step, unit);
        }
        return ticks;
    }

    private static ZonedDateTime begin(ZonedDateTime from, ChronoUnit unit) {
        return unit == ChronoUnit.MONTHS
                ? from.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1)
                : unit == ChronoUnit.DAYS ? from.truncatedTo(ChronoUnit.DAYS) : from.truncatedTo(ChronoUnit.HOURS);
    }

    private static String x(Timeline timeline, Instant at) {
        double whole = Duration.between(timeline.from(), timeline.until()).toMillis();
        double part = Duration.between(timeline.from(), at).toMillis();
        return String.format(Locale.ROOT, "%.2f%%", Math.max(0, Math.min(100, whole <= 0 ? 0 : part / whole * 100)));
    }
}
