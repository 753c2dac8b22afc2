package cloud.freehold.portal.backup;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.backup.Retention.Candidate;
import cloud.freehold.portal.backup.Retention.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.WeekFields;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Against the documented behaviour of Proxmox Backup Server: its example, its rules told another way, and what must always hold. */
class RetentionTests {

    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
    private static final int ROUNDS = 2_000;

    private static Candidate at(String local) {
        return new Candidate(
                new PointId(UUID.randomUUID()),
                LocalDateTime.parse(local).atZone(BERLIN).toInstant(),
                false);
    }

    private static List<String> kept(Retention keep, List<Candidate> points) {
        return keep.judge(points, BERLIN).stream()
                .filter(Verdict::kept)
                .map(verdict -> verdict.takenAt().atZone(BERLIN).toLocalDate().toString())
                .toList();
    }

    /** The manual's example: a point a day for a year, kept 3 last, 13 daily, 8 weekly, 11 monthly, 9 yearly. */
    @Test
    void keepsWhatTheManualsExampleKeeps() {
        List<Candidate> daily = new ArrayList<>();
        for (LocalDate day = LocalDate.of(2025, 1, 1);
                !day.isAfter(LocalDate.of(2025, 12, 31));
                day = day.plusDays(1)) {
            daily.add(at(day + "T03:00:00"));
        }
        List<Verdict> verdicts = new Retention(3, 0, 13, 8, 11, 9).judge(daily, BERLIN);
        assertThat(count(verdicts, "last")).isEqualTo(3);
        // The three last are of three days, which daily then leaves out.
        assertThat(count(verdicts, "daily")).isEqualTo(13);
        assertThat(count(verdicts, "weekly")).isEqualTo(8);
        assertThat(count(verdicts, "monthly")).isEqualTo(9);
        assertThat(count(verdicts, "yearly")).isZero();
        assertThat(kept(new Retention(3, 0, 13, 8, 11, 9), daily))
                .startsWith("2025-12-31", "2025-12-30", "2025-12-29", "2025-12-28")
                .contains("2025-12-16", "2025-12-14", "2025-12-07")
                .contains("2025-09-30", "2025-01-31")
                .doesNotContain("2025-12-15", "2025-01-01");
    }

    private static long count(List<Verdict> verdicts, String rule) {
        return verdicts.stream()
                .filter(verdict -> verdict.kept() && verdict.why().startsWith(rule))
                .count();
    }

    @Test
    void newestOfADayStaysAndOthersAreCoveredByIt() {
        List<Candidate> points =
                List.of(at("2026-03-01T01:00"), at("2026-03-01T13:00"), at("2026-03-01T23:00"), at("2026-02-28T12:00"));
        List<Verdict> verdicts = new Retention(0, 0, 2, 0, 0, 0).judge(points, BERLIN);
        assertThat(verdicts).extracting(Verdict::kept).containsExactly(true, false, false, true);
        assertThat(verdicts.get(1).why()).isEqualTo("a newer one of its day stays");
    }

    @Test
    void nothingSaidKeepsEverythingAndProtectedPointsCountForNobody() {
        Candidate old = new Candidate(new PointId(UUID.randomUUID()), Instant.EPOCH, true);
        List<Candidate> points = List.of(at("2026-03-01T01:00"), at("2026-03-02T01:00"), old);
        assertThat(new Retention(0, 0, 0, 0, 0, 0).judge(points, BERLIN)).allMatch(Verdict::kept);
        List<Verdict> verdicts = new Retention(1, 0, 0, 0, 0, 0).judge(points, BERLIN);
        assertThat(verdicts).extracting(Verdict::kept).containsExactly(true, false, true);
        assertThat(verdicts.get(2).why()).isEqualTo("protected");
    }

    /** Days are the tenant's days, also where the clock is turned. */
    @Test
    void dayEndsWhereTheTenantIs() {
        List<Candidate> points = List.of(at("2026-03-29T00:30"), at("2026-03-29T23:30"), at("2026-03-28T23:30"));
        assertThat(kept(new Retention(0, 0, 5, 0, 0, 0), points)).containsExactly("2026-03-29", "2026-03-28");
    }

    @Test
    void agreesWithTheRulesToldAnotherWay() {
        Random random = new Random(20_261_125);
        for (int round = 0; round < ROUNDS; round++) {
            List<Candidate> points = points(random);
            Retention keep = retention(random);
            Set<PointId> kept = keep.judge(points, BERLIN).stream()
                    .filter(Verdict::kept)
                    .map(Verdict::id)
                    .collect(Collectors.toSet());
            assertThat(kept).as("round %d: %s", round, keep).isEqualTo(oracle(keep, points));
        }
    }

    @Test
    void alwaysHolds() {
        Random random = new Random(4_711);
        for (int round = 0; round < ROUNDS; round++) {
            List<Candidate> points = points(random);
            Retention keep = retention(random);
            List<Verdict> verdicts = keep.judge(points, BERLIN);
            String what = "round " + round + ": " + keep;

            assertThat(verdicts).as(what).hasSameSizeAs(points);
            assertThat(verdicts)
                    .as(what)
                    .isSortedAccordingTo(Comparator.comparing(Verdict::takenAt).reversed());
            Set<PointId> shielded = points.stream()
                    .filter(Candidate::isProtected)
                    .map(Candidate::id)
                    .collect(Collectors.toSet());
            assertThat(verdicts).as(what).allMatch(verdict -> verdict.kept() || !shielded.contains(verdict.id()));
            if (keep.keepsAll()) {
                continue;
            }
            int most = keep.last() + keep.hourly() + keep.daily() + keep.weekly() + keep.monthly() + keep.yearly();
            assertThat(verdicts.stream()
                            .filter(each -> each.kept() && !shielded.contains(each.id()))
                            .count())
                    .as(what)
                    .isLessThanOrEqualTo(most);
            // The newest that is not protected is kept by whichever rule comes first.
            verdicts.stream()
                    .filter(each -> !shielded.contains(each.id()))
                    .findFirst()
                    .ifPresent(newest -> assertThat(newest.kept()).as(what).isTrue());
            // Pruning what was pruned removes nothing.
            List<Candidate> left = points.stream()
                    .filter(point -> verdicts.stream()
                            .anyMatch(verdict -> verdict.kept() && verdict.id().equals(point.id())))
                    .toList();
            assertThat(keep.judge(left, BERLIN)).as(what).allMatch(Verdict::kept);
            // In which order they are named does not matter.
            List<Candidate> shuffled = new ArrayList<>(points);
            Collections.shuffle(shuffled, random);
            assertThat(keep.judge(shuffled, BERLIN)).as(what).isEqualTo(verdicts);
        }
    }

    private static List<Candidate> points(Random random) {
        List<Candidate> points = new ArrayList<>();
        Instant at = Instant.parse("2024-10-20T00:00:00Z");
        Duration[] steps = {
            Duration.ofMinutes(7), Duration.ofHours(1), Duration.ofHours(6), Duration.ofDays(1), Duration.ofDays(5)
        };
        int count = random.nextInt(80);
        for (int i = 0; i < count; i++) {
            at = at.plus(steps[random.nextInt(steps.length)].multipliedBy(1 + random.nextInt(4)));
            points.add(new Candidate(
                    new PointId(new UUID(random.nextLong(), random.nextLong())), at, random.nextInt(12) == 0));
        }
        return points;
    }

    private static Retention retention(Random random) {
        int[] keep = random.ints(6, 0, 9)
                .map(count -> random.nextInt(3) == 0 ? 0 : count)
                .toArray();
        return new Retention(keep[0], keep[1], keep[2], keep[3], keep[4], keep[5]);
    }

    /** One rule after another over sets of periods, instead of marks on a list. */
    private static Set<PointId> oracle(Retention keep, List<Candidate> points) {
        Set<PointId> kept = points.stream()
                .filter(Candidate::isProtected)
                .map(Candidate::id)
                .collect(Collectors.toSet());
        if (keep.keepsAll()) {
            return points.stream().map(Candidate::id).collect(Collectors.toSet());
        }
        List<Candidate> open = new ArrayList<>(
                points.stream().filter(point -> !point.isProtected()).toList());
        open.sort(Comparator.comparing(Candidate::takenAt).reversed());
        List<Candidate> chosen = new ArrayList<>();
        step(open, chosen, keep.last(), at -> at.toInstant().toString());
        step(open, chosen, keep.hourly(), at -> at.toLocalDate() + "T" + at.getHour());
        step(open, chosen, keep.daily(), at -> at.toLocalDate().toString());
        step(
                open,
                chosen,
                keep.weekly(),
                at -> at.get(WeekFields.ISO.weekBasedYear()) + "W" + at.get(WeekFields.ISO.weekOfWeekBasedYear()));
        step(open, chosen, keep.monthly(), at -> at.getYear() + "-" + at.getMonth());
        step(open, chosen, keep.yearly(), at -> "" + at.getYear());
        chosen.forEach(point -> kept.add(point.id()));
        return kept;
    }

    /** Takes from the open ones the newest of each of the newest periods, and all that these periods cover. */
    private static void step(
            List<Candidate> open, List<Candidate> chosen, int count, Function<ZonedDateTime, String> period) {
        Set<String> covered = chosen.stream()
                .map(point -> period.apply(point.takenAt().atZone(BERLIN)))
                .collect(Collectors.toCollection(HashSet::new));
        List<String> periods = open.stream()
                .map(point -> period.apply(point.takenAt().atZone(BERLIN)))
                .filter(each -> !covered.contains(each))
                .distinct()
                .limit(count)
                .toList();
        Instant oldestLookedAt = periods.isEmpty()
                ? Instant.MAX
                : open.stream()
                        .filter(point ->
                                periods.contains(period.apply(point.takenAt().atZone(BERLIN))))
                        .map(Candidate::takenAt)
                        .min(Comparator.naturalOrder())
                        .orElseThrow();
        for (String each : periods) {
            Candidate newest = open.stream()
                    .filter(point ->
                            period.apply(point.takenAt().atZone(BERLIN)).equals(each))
                    .findFirst()
                    .orElseThrow();
            chosen.add(newest);
        }
        open.removeIf(point -> periods.contains(period.apply(point.takenAt().atZone(BERLIN)))
                && !point.takenAt().isBefore(oldestLookedAt));
    }
}
