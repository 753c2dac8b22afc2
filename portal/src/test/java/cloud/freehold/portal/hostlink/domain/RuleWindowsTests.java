package cloud.freehold.portal.hostlink.domain;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.desired.DesiredRule;
import cloud.freehold.api.desired.DesiredSecurityGroup.EgressDefault;
import cloud.freehold.portal.hostlink.domain.RuleWindows.Version;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Commit-confirm as times in which rules count. */
class RuleWindowsTests {

    private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");
    private static final Instant DEADLINE = NOW.plusSeconds(300);
    private static final UUID GROUP = UUID.randomUUID();

    private static StoredRule rule(UUID id, int port, Instant expires) {
        return new StoredRule(
                id,
                GROUP,
                DesiredRule.Direction.INGRESS,
                DesiredRule.EtherType.ANY,
                6,
                port,
                port,
                null,
                null,
                null,
                null,
                null,
                DesiredRule.Action.ALLOW,
                false,
                expires);
    }

    private static RuleWindows unconfirmed(Version current, Version fallback, boolean shared) {
        return RuleWindows.unconfirmed(GROUP, current, fallback, DEADLINE, shared, NOW);
    }

    @Test
    void whatStaysCountsAllAlongWhatIsAddedEndsAndWhatIsRemovedComesBack() {
        StoredRule kept = rule(UUID.randomUUID(), 22, null);
        StoredRule added = rule(UUID.randomUUID(), 80, null);
        StoredRule removed = rule(UUID.randomUUID(), 443, null);
        RuleWindows windows = unconfirmed(
                new Version(EgressDefault.ALLOW, List.of(kept, added)),
                new Version(EgressDefault.ALLOW, List.of(kept, removed)),
                false);
        assertThat(windows.rules())
                .containsExactlyInAnyOrder(
                        kept.desired(null, null), added.desired(null, DEADLINE), removed.desired(DEADLINE, null));
    }

    @Test
    void changedRuleCountsInItsNewFormUntilAndInItsOldFormFromTheDeadline() {
        UUID id = UUID.randomUUID();
        RuleWindows windows = unconfirmed(
                new Version(EgressDefault.ALLOW, List.of(rule(id, 81, null))),
                new Version(EgressDefault.ALLOW, List.of(rule(id, 80, null))),
                false);
        assertThat(windows.rules()).extracting(DesiredRule::portMin).containsExactly(81, 80);
        assertThat(windows.rules()).extracting(DesiredRule::validUntil).containsExactly(DEADLINE, null);
        assertThat(windows.rules()).extracting(DesiredRule::validFrom).containsExactly(null, DEADLINE);
    }

    @Test
    void expiryWithinTheWindowWinsAndExpiredRulesAreLeftOut() {
        Instant soon = NOW.plusSeconds(60);
        RuleWindows windows = unconfirmed(
                new Version(
                        EgressDefault.ALLOW,
                        List.of(rule(UUID.randomUUID(), 1, soon), rule(UUID.randomUUID(), 2, NOW))),
                new Version(EgressDefault.ALLOW, List.of()),
                false);
        assertThat(windows.rules())
                .singleElement()
                .extracting(DesiredRule::validUntil)
                .isEqualTo(soon);
    }

    @Test
    void egressDefaultGoesBackByARuleUnlessItWouldSpeakForAnotherGroup() {
        Version strict = new Version(EgressDefault.DROP, List.of());
        Version open = new Version(EgressDefault.ALLOW, List.of());

        RuleWindows lockedOut = unconfirmed(strict, open, false);
        assertThat(lockedOut.egressDefault()).isEqualTo(EgressDefault.DROP);
        assertThat(lockedOut.rules()).singleElement().satisfies(rule -> {
            assertThat(rule.direction()).isEqualTo(DesiredRule.Direction.EGRESS);
            assertThat(rule.validFrom()).isEqualTo(DEADLINE);
            assertThat(rule.validUntil()).isNull();
        });
        assertThat(unconfirmed(open, strict, false).rules())
                .singleElement()
                .extracting(DesiredRule::validUntil)
                .isEqualTo(DEADLINE);
        assertThat(unconfirmed(open, strict, true)).isEqualTo(new RuleWindows(EgressDefault.DROP, List.of()));
    }
}
