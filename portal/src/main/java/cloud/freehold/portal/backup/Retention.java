package cloud.freehold.portal.backup;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * How many points a policy keeps of each VM. The rules and their order are those of Proxmox Backup Server: last, hourly, daily,
 * weekly, monthly, yearly; of an hour, day, week (ISO), month or year its newest point stays; a rule looks only at points that no
 * rule before it has decided on, and leaves out periods of which a point is kept already. All zero: everything stays.
 */
public record Retention(int last, int hourly, int daily, int weekly, int monthly, int yearly) {

    /** A week of days, a month of weeks, a year of months. */
    public static final Retention USUAL = new Retention(3, 0, 7, 4, 12, 0);

    public record Candidate(PointId id, Instant takenAt, boolean isProtected) {}

    /** @param why in a few words */
    public record Verdict(PointId id, Instant takenAt, boolean kept, String why) {}

    private record Rule(int count, String name, String unit, Function<ZonedDateTime, String> period) {}

    public boolean keepsAll() {
        return last + hourly + daily + weekly + monthly + yearly == 0;
    }

    /**
     * Decides on all points of one VM.
     *
     * @param zone where days begin and end
     * @return newest first
     */
    public List<Verdict> judge(List<Candidate> points, ZoneId zone) {
        List<Candidate> newestFirst = points.stream()
                .sorted(Comparator.comparing(Candidate::takenAt)
                        .thenComparing(each -> each.id().value())
                        .reversed())
                .toList();
        String[] verdicts = new String[newestFirst.size()];
        boolean[] kept = new boolean[newestFirst.size()];
        if (keepsAll()) {
            java.util.Arrays.fill(verdicts, "all are kept");
            java.util.Arrays.fill(kept, true);
        } else {
            for (Rule rule : rules()) {
                apply(rule, newestFirst, zone, verdicts, kept);
            }
        }
        List<Verdict> answer = new ArrayList<>();
        for (int i = 0; i < verdicts.length; i++) {
            Candidate point = newestFirst.get(i);
            boolean stays = kept[i] || point.isProtected();
            String verdict = verdicts[i] == null ? "no rule keeps it" : verdicts[i];
            String why = point.isProtected() ? "protected" : verdict;
            answer.add(new Verdict(point.id(), point.takenAt(), stays, why));
        }
        return answer;
    }

    private List<Rule> rules() {
        return List.of(
                new Rule(last, "last", "moment", at -> ""),
                new Rule(hourly, "hourly", "hour", at -> at.toLocalDate() + " " + at.getHour()),
                new Rule(daily, "daily", "day", at -> at.toLocalDate().toString()),
                new Rule(
                        weekly,
                        "weekly",
                        "week",
                        at -> at.get(IsoFields.WEEK_BASED_YEAR) + " week " + at.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR)),
                new Rule(monthly, "monthly", "month", at -> at.getYear() + " " + at.getMonthValue()),
                new Rule(yearly, "yearly", "year", at -> Integer.toString(at.getYear())));
    }

    /** @param verdicts of each point: null while none was given */
    private static void apply(Rule rule, List<Candidate> points, ZoneId zone, String[] verdicts, boolean[] kept) {
        Set<String> covered = new HashSet<>();
        for (int i = 0; i < verdicts.length; i++) {
            if (kept[i]) {
                covered.add(period(rule, points.get(i), zone));
            }
        }
        Set<String> chosen = new HashSet<>();
        for (int i = 0; i < verdicts.length; i++) {
            String period = period(rule, points.get(i), zone);
            if (verdicts[i] != null || points.get(i).isProtected() || covered.contains(period)) {
                continue;
            }
            if (chosen.contains(period)) {
                verdicts[i] = "a newer one of its " + rule.unit() + " stays";
            } else if (chosen.size() >= rule.count()) {
                break;
            } else {
                chosen.add(period);
                verdicts[i] = rule.name() + " " + chosen.size() + " of " + rule.count();
                kept[i] = true;
            }
        }
    }

    /** Each point is a period of its own for the rule of the last. */
    private static String period(Rule rule, Candidate point, ZoneId zone) {
        return rule.name().equals("last")
                ? point.id().toString()
                : rule.period().apply(point.takenAt().atZone(zone));
    }

    /** Such as {@code 3 last, 7 daily, 4 weekly}. */
    public String inWords() {
        if (keepsAll()) {
            return "everything";
        }
        List<String> parts = new ArrayList<>();
        for (Rule rule : rules()) {
            if (rule.count() > 0) {
                parts.add(rule.count() + " " + rule.name());
            }
        }
        return String.join(", ", parts);
    }
}
