package cloud.freehold.portal.firewall.domain;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.firewall.RuleId;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RuleSetDiffTests {

    @Test
    void nothingChangedIsEmpty() {
        RuleSet set = RandomRules.set(new Random(1), 20);
        assertThat(RuleSetDiff.between(set, set).isEmpty()).isTrue();
    }

    @Test
    void oneMoveIsOneMove() {
        RuleSet set = RandomRules.set(new Random(2), 200);
        Rule last = set.rules().get(199);
        RuleSet moved = set.moved(last.id(), -1_000);
        RuleSetDiff diff = RuleSetDiff.between(set, moved);
        assertThat(diff.moved()).containsExactly(last);
        assertThat(diff.shorthand()).isEqualTo("↕1");
    }

    /** A difference accounts for every rule: before − removed + added = after, and only named rules differ. */
    @Test
    void aDifferenceAccountsForEveryRule() {
        Random random = new Random(3);
        for (int i = 0; i < 3_000; i++) {
            RuleSet before = RandomRules.set(random, random.nextInt(12));
            RuleSet after = RandomRules.edited(random, before);
            RuleSetDiff diff = RuleSetDiff.between(before, after);
            Map<RuleId, RuleSpec> rebuilt = new HashMap<>();
            before.rules().forEach(rule -> rebuilt.put(rule.id(), rule.spec()));
            diff.removed().forEach(rule -> rebuilt.remove(rule.id()));
            diff.added().forEach(rule -> rebuilt.put(rule.id(), rule.spec()));
            diff.changed()
                    .forEach(change ->
                            rebuilt.put(change.after().id(), change.after().spec()));
            Map<RuleId, RuleSpec> wanted = new HashMap<>();
            after.rules().forEach(rule -> wanted.put(rule.id(), rule.spec()));
            assertThat(rebuilt).isEqualTo(wanted);
        }
    }

    @Test
    void placesIncreaseAndFewRowsAreWritten() {
        Random random = new Random(4);
        for (int i = 0; i < 3_000; i++) {
            int[] current = new int[random.nextInt(40)];
            Arrays.setAll(current, place -> random.nextInt(3) == 0 ? Positions.NONE : random.nextInt(1_000_000));
            int[] places = Positions.assign(current);
            for (int place = 1; place < places.length; place++) {
                assertThat(places[place]).isGreaterThan(places[place - 1]);
            }
        }
    }

    @Test
    void insertingBetweenNeighboursRenumbersWhenThereIsNoRoom() {
        assertThat(Positions.assign(new int[] {7, Positions.NONE, 8})).containsExactly(1024, 2048, 3072);
        assertThat(Positions.assign(new int[] {1024, Positions.NONE, 2048})).containsExactly(1024, 1536, 2048);
        assertThat(Positions.assign(new int[] {1024, Positions.NONE})).containsExactly(1024, 2048);
    }

    @Test
    void movingStaysWithinTheDirection() {
        Random random = new Random(5);
        RuleSet set = RandomRules.set(random, 30);
        for (Rule rule : set.rules()) {
            Direction direction = rule.spec().direction();
            List<Rule> expected = new ArrayList<>(set.in(direction));
            int place = expected.indexOf(rule);
            if (place > 0) {
                expected.remove(place);
                expected.add(place - 1, rule);
            }
            assertThat(set.moved(rule.id(), -1).in(direction)).isEqualTo(expected);
        }
    }

    /** Mine on top of theirs: nobody's untouched change is lost, equal changes do not clash. */
    @Test
    void mergeKeepsBothSidesChanges() {
        Random random = new Random(6);
        for (int i = 0; i < 3_000; i++) {
            RuleSet base = RandomRules.set(random, random.nextInt(10));
            RuleSet theirs = RandomRules.edited(random, base);
            RuleSet mine = RandomRules.edited(random, base);
            RuleSetMerge merge = RuleSetMerge.of(base, theirs, mine);
            RuleSetDiff my = RuleSetDiff.between(base, mine);
            RuleSetDiff their = RuleSetDiff.between(base, theirs);
            Set<RuleId> ids =
                    new HashSet<>(merge.merged().rules().stream().map(Rule::id).toList());
            assertThat(ids).containsAll(my.added().stream().map(Rule::id).toList());
            assertThat(ids).containsAll(their.added().stream().map(Rule::id).toList());
            assertThat(my.removed()).noneMatch(rule -> ids.contains(rule.id()));
            my.changed().forEach(change -> assertThat(merge.merged().rules()).contains(change.after()));
        }
    }

    @Test
    void mergeOntoAnUnchangedBaseIsMine() {
        Random random = new Random(7);
        for (int i = 0; i < 1_000; i++) {
            RuleSet base = RandomRules.set(random, random.nextInt(10));
            RuleSet mine = RandomRules.edited(random, base);
            RuleSetMerge merge = RuleSetMerge.of(base, base, mine);
            assertThat(merge.clashes()).isEmpty();
            assertThat(Set.copyOf(merge.merged().rules())).isEqualTo(Set.copyOf(mine.rules()));
            assertThat(merge.merged().egressDefault()).isEqualTo(mine.egressDefault());
        }
    }

    @Test
    void bothChangedTheSameRuleIsAClash() {
        RuleSet base = RandomRules.set(new Random(8), 3);
        RuleId id = base.rules().get(1).id();
        RuleSet theirs = base.without(Set.of(id));
        RuleSet mine = base.mapped(Set.of(id), spec -> spec.withEnabled(!spec.enabled()));
        RuleSetMerge merge = RuleSetMerge.of(base, theirs, mine);
        assertThat(merge.clashes())
                .containsExactly(new RuleSetMerge.Clash(id, null, mine.find(id).orElseThrow()));
        assertThat(merge.merged().find(id)).isPresent();
    }

    @Test
    void consequencesInWords() {
        Instant now = Instant.parse("2026-11-22T12:00:00Z");
        RuleReader reader = new RuleReader(RandomRules.NAMES, now, ZoneOffset.UTC);
        RuleSet empty = new RuleSet(Action.ALLOW, List.of());
        RuleSet open = empty.plus(List.of(
                rule(reader, 1, "tcp", "22", "any", "allow"),
                rule(reader, 2, "tcp", "443", "any", "allow"),
                rule(reader, 3, "tcp", "5432", "group:web", "allow"),
                rule(reader, 4, "tcp", "", "0.0.0.0/0", "allow"),
                rule(reader, 5, "udp", "", "any", "drop")));
        assertThat(new Consequences(now).of(RuleSetDiff.between(empty, open)))
                .extracting(c -> c.weight() + " " + c.text())
                .containsExactly(
                        "WARNING opens TCP 22 (SSH) to the internet",
                        "NOTICE opens TCP 443 (HTTPS) to the internet",
                        "WARNING opens TCP, all ports to the internet, SSH, PostgreSQL, MySQL and 13 more included",
                        "WARNING drops all ingress UDP, all ports, whatever other rules allow");
        assertThat(new Consequences(now).of(RuleSetDiff.between(open, empty.withEgressDefault(Action.DROP))))
                .extracting(Consequence::text)
                .containsExactly(
                        "closes TCP 22 (SSH) to the internet",
                        "closes TCP 443 (HTTPS) to the internet",
                        "closes TCP, all ports to the internet",
                        "leaves no ingress rule: nothing new reaches its NICs by this group",
                        "drops all egress that no rule allows, DNS and updates included");
    }

    private static Rule rule(RuleReader reader, int id, String protocol, String ports, String remote, String action) {
        RuleInput input = new RuleInput("ingress", action, "", protocol, ports, remote, "", "", "", "");
        return new Rule(new RuleId(new UUID(0, id)), reader.read(input).specs().get(0));
    }
}
