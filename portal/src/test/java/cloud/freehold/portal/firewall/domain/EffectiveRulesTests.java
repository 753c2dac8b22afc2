package cloud.freehold.portal.firewall.domain;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.EffectiveRules.Entry;
import cloud.freehold.portal.firewall.domain.EffectiveRules.Source;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class EffectiveRulesTests {

    private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

    @Test
    void dropsComeFirstThenTheOrderOfGroupsAndRules() {
        EffectiveRules rules = EffectiveRules.of(
                List.of(
                        source("web", Action.ALLOW, rule(1, "allow", "80", true), rule(2, "drop", "22", true)),
                        source("base", Action.ALLOW, rule(3, "allow", "22", true), rule(4, "drop", "23", true))),
                NOW);
        assertThat(rules.ingress())
                .extracting(entry -> entry.rule().id().value().getLeastSignificantBits())
                .containsExactly(2L, 4L, 1L, 3L);
        assertThat(rules.ingress())
                .extracting(Entry::group)
                .extracting(SecurityGroup::name)
                .containsExactly("web", "base", "web", "base");
        assertThat(rules.egressDefault()).isEqualTo(Action.ALLOW);
    }

    @Test
    void whatIsOffOrExpiredDoesNotCount() {
        Rule expired = new Rule(
                new RuleId(new UUID(0, 9)),
                new RuleSpec(
                        Direction.INGRESS,
                        Action.ALLOW,
                        EtherType.ANY,
                        Protocol.TCP,
                        PortRange.of(1),
                        null,
                        Remote.ANY,
                        "",
                        true,
                        false,
                        NOW));
        EffectiveRules rules =
                EffectiveRules.of(List.of(source("web", Action.ALLOW, rule(1, "allow", "80", false), expired)), NOW);
        assertThat(rules.ingress()).isEmpty();
    }

    @Test
    void oneStrictGroupMakesEgressStrict() {
        EffectiveRules rules = EffectiveRules.of(
                List.of(source("web", Action.ALLOW), source("vault", Action.DROP), source("other", Action.DROP)), NOW);
        assertThat(rules.egressDefault()).isEqualTo(Action.DROP);
        assertThat(rules.strictBy()).isNotNull().extracting(SecurityGroup::name).isEqualTo("vault");
    }

    private static Source source(String name, Action egressDefault, Rule... rules) {
        SecurityGroup group = new SecurityGroup(
                new SecurityGroupId(UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8))),
                name,
                "",
                egressDefault,
                1,
                null,
                null,
                NOW,
                NOW);
        return new Source(group, new RuleSet(egressDefault, List.of(rules)));
    }

    private static Rule rule(int id, String action, String ports, boolean enabled) {
        RuleInput input = new RuleInput("ingress", action, "", "tcp", ports, "any", "", enabled ? "yes" : "no", "", "");
        return new Rule(
                new RuleId(new UUID(0, id)),
                new RuleReader(RemoteNames.NONE, NOW, ZoneOffset.UTC)
                        .read(input)
                        .specs()
                        .get(0));
    }
}
