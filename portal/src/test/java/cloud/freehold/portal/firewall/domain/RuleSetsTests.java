package cloud.freehold.portal.firewall.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.firewall.FirewallFixtures;
import cloud.freehold.portal.firewall.FirewallFixtures.Machine;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

@PortalTest
class RuleSetsTests {

    private static final RuleSet EMPTY = new RuleSet(Action.ALLOW, List.of());

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private SecurityGroups groups;

    @Autowired
    private RuleSets ruleSets;

    @Autowired
    private Drafts drafts;

    @Autowired
    private Attachments attachments;

    @Autowired
    private Enforcement enforcement;

    @Autowired
    private UnconfirmedChanges unconfirmed;

    @Autowired
    private TestingClock clock;

    @Autowired
    private Uuid7 ids;

    @Autowired
    private JdbcClient portal;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person anna;
    private Person gina;
    private SecurityGroupId web;
    private FirewallFixtures machines;

    @BeforeEach
    void aGroup() {
        anna = fixtures.owner("acme");
        gina = fixtures.owner("globex");
        machines = new FirewallFixtures(system, ids);
        web = fixtures.as(
                anna, () -> groups.create(anna.tenant(), actor(anna), "web", "").id());
    }

    @Test
    void anAppliedSetIsStoredVersionedAuditedAndTold() {
        UUID host = machines.host();
        Machine vm = machines.machine(anna, "web", host);
        fixtures.as(anna, () -> {
            attachments.attach(anna.tenant(), actor(anna), vm.nic(), web);
            return null;
        });
        machines.applied(host);
        long before = machines.desiredRevision(host);
        RuleSet wanted = EMPTY.plus(List.of(rule("tcp", "22"), rule("tcp", "443")));
        Applied applied = apply(anna, 1, wanted);
        assertThat(applied.version()).isEqualTo(2);
        assertThat(current(anna)).isEqualTo(wanted);
        assertThat(machines.desiredRevision(host)).isGreaterThan(before);
        assertThat(nic(anna).kind()).isEqualTo(NicState.Kind.APPLYING);
        machines.applied(host);
        assertThat(nic(anna).kind()).isEqualTo(NicState.Kind.ENFORCED);
        assertThat(nic(anna).tookText()).isEqualTo("38 ms");
        List<Revision> history = fixtures.as(anna, () -> ruleSets.history(anna.tenant(), web, Long.MAX_VALUE, 10));
        assertThat(history)
                .extracting(Revision::summary)
                .containsExactly(
                        "+2: allow ingress TCP 22 (SSH) from any; allow ingress TCP 443 (HTTPS) from any",
                        "Created, without rules");
        assertThat(history).extracting(Revision::authorName).containsOnly("owner@acme.example");
        assertThat(actions()).contains("security-group.created", "nic.security-groups-changed", "ruleset.applied");
    }

    @Test
    void aHostThatIsSilentIsAway() {
        UUID host = machines.host();
        Machine vm = machines.machine(anna, "web", host);
        fixtures.as(anna, () -> {
            attachments.attach(anna.tenant(), actor(anna), vm.nic(), web);
            return null;
        });
        clock.advance(Duration.ofMinutes(5));
        assertThat(nic(anna).kind()).isEqualTo(NicState.Kind.AWAY);
        assertThat(nic(anna).since()).isNotNull();
    }

    @Test
    void randomSetsSurviveTheTables() {
        Random random = new Random(11);
        long version = 1;
        RuleSet set = EMPTY;
        for (int i = 0; i < 60; i++) {
            set = known(RandomRules.edited(random, set));
            version = apply(anna, version, set).version();
            assertThat(current(anna)).isEqualTo(set);
            RuleSet stored = set;
            long at = version;
            assertThat(fixtures.as(anna, () -> ruleSets.at(anna.tenant(), web, at)))
                    .isEqualTo(stored);
        }
    }

    @Test
    void nothingChangedMakesNoVersion() {
        assertThat(apply(anna, 1, EMPTY).changed()).isFalse();
        assertThat(apply(anna, 1, EMPTY).version()).isEqualTo(1);
    }

    @Test
    void aStaleBaseIsRefusedWithTheNameOfWhoWasFaster() {
        apply(anna, 1, EMPTY.plus(List.of(rule("tcp", "22"))));
        assertThatThrownBy(() -> apply(anna, 1, EMPTY.plus(List.of(rule("tcp", "80")))))
                .isInstanceOf(ConflictException.class)
                .hasMessage(
                        "owner@acme.example applied version 2 (+1: allow ingress TCP 22 (SSH) from any) since you loaded"
                                + " version 1, so nothing of yours was applied. Look at the present rules and put your changes on"
                                + " top.");
        assertThat(current(anna).rules()).hasSize(1);
    }

    @Test
    void ofManyAtOnceExactlyOneWins() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(6);
        List<Future<Boolean>> tries = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            RuleSet mine = EMPTY.plus(List.of(rule("tcp", String.valueOf(1000 + i))));
            tries.add(threads.submit(() -> {
                try {
                    return apply(anna, 1, mine).changed();
                } catch (ConflictException e) {
                    return false;
                }
            }));
        }
        int won = 0;
        for (Future<Boolean> one : tries) {
            won += one.get() ? 1 : 0;
        }
        threads.shutdown();
        assertThat(won).isEqualTo(1);
        assertThat(current(anna).rules()).hasSize(1);
    }

    @Test
    void anotherTenantsGroupIsNotThere() {
        apply(anna, 1, EMPTY.plus(List.of(rule("tcp", "22"))));
        assertThatThrownBy(() -> apply(gina, 2, EMPTY)).isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(gina, () -> groups.get(gina.tenant(), web)))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(gina, () -> ruleSets.at(gina.tenant(), web, 2)))
                .isInstanceOf(NotFoundException.class);
        assertThat(current(anna).rules()).hasSize(1);
    }

    /** The second wall: even a query that forgets the tenant sees nothing. */
    @Test
    void rowLevelSecurityHidesWhatAQueryForgets() {
        apply(anna, 1, EMPTY.plus(List.of(rule("tcp", "22"))));
        edit(anna, EMPTY);
        for (String table : List.of("security_group", "rule", "ruleset_revision", "rule_draft")) {
            assertThat(count(gina, table)).as(table).isZero();
        }
        assertThat(count(anna, "rule_draft")).isEqualTo(1);
        Person otto = fixtures.operator("acme");
        assertThat(count(otto, "rule")).isEqualTo(1);
        assertThat(count(otto, "rule_draft")).as("a draft is its member's own").isZero();
    }

    @Test
    void aRuleCannotReferToAnotherTenantsGroup() {
        SecurityGroupId theirs = fixtures.as(
                gina, () -> groups.create(gina.tenant(), actor(gina), "lab", "").id());
        RuleSpec spec = new RuleSpec(
                Direction.INGRESS,
                Action.ALLOW,
                EtherType.ANY,
                Protocol.TCP,
                PortRange.of(22),
                null,
                new Remote.Group(theirs),
                "",
                true,
                false,
                null);
        assertThatThrownBy(() -> apply(anna, 1, EMPTY.plus(List.of(new Rule(new RuleId(ids.next()), spec)))))
                .isInstanceOf(InvalidInputException.class);
        assertThat(current(anna).rules()).isEmpty();
    }

    @Test
    void theQuotaOfRulesHolds() {
        system.sql("insert into quota (tenant_id, resource, limit_value) values (?, 'RULES_PER_GROUP', 2)"
                        + " on conflict (tenant_id, resource) do update set limit_value = 2")
                .param(anna.tenant().value())
                .update();
        RuleSet two = EMPTY.plus(List.of(rule("tcp", "1"), rule("tcp", "2")));
        assertThat(apply(anna, 1, two).version()).isEqualTo(2);
        assertThatThrownBy(() -> apply(anna, 2, two.plus(List.of(rule("tcp", "3")))))
                .isInstanceOf(CapacityException.class)
                .hasMessageContaining("This would make 3 rules in a security group; the tenant's quota is 2.");
    }

    @Test
    void rollingBackRestoresRulesWithTheirIds() {
        Rule ssh = rule("tcp", "22");
        apply(anna, 1, EMPTY.plus(List.of(ssh)));
        apply(anna, 2, EMPTY);
        RuleSet old = fixtures.as(anna, () -> ruleSets.at(anna.tenant(), web, 2));
        apply(anna, 3, old);
        assertThat(current(anna).rules()).containsExactly(ssh);
    }

    @Test
    void aConfirmedChangeStays() {
        RuleSet wanted = EMPTY.plus(List.of(rule("tcp", "22")));
        fixtures.as(
                anna, () -> ruleSets.apply(anna.tenant(), actor(anna), web, 1, wanted, Duration.ofMinutes(5), null));
        assertThat(group(anna).awaitsConfirmation()).isTrue();
        fixtures.as(anna, () -> {
            ruleSets.confirm(anna.tenant(), actor(anna), web, 2);
            ruleSets.confirm(anna.tenant(), actor(anna), web, 2);
            return null;
        });
        clock.advance(Duration.ofMinutes(6));
        assertThat(unconfirmed.takeBackOverdue()).isZero();
        assertThat(current(anna)).isEqualTo(wanted);
        assertThat(actions()).containsOnlyOnce("ruleset.confirmed");
    }

    @Test
    void anUnconfirmedChangeGoesBackOnceHoweverManyPortalsLook() throws Exception {
        Rule old = rule("tcp", "443");
        apply(anna, 1, EMPTY.plus(List.of(old)));
        fixtures.as(
                anna,
                () -> ruleSets.apply(
                        anna.tenant(),
                        actor(anna),
                        web,
                        2,
                        EMPTY.plus(List.of(rule("tcp", "22"))),
                        Duration.ofMinutes(5),
                        null));
        assertThat(unconfirmed.takeBackOverdue()).isZero();
        clock.advance(Duration.ofMinutes(5).plusMillis(1));
        assertThatThrownBy(() -> fixtures.as(anna, () -> {
                    ruleSets.confirm(anna.tenant(), actor(anna), web, 3);
                    return null;
                }))
                .hasMessageContaining("The time to confirm version 3 is over");
        ExecutorService portals = Executors.newFixedThreadPool(4);
        List<Future<Integer>> rounds = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            rounds.add(portals.submit(unconfirmed::takeBackOverdue));
        }
        int done = 0;
        for (Future<Integer> round : rounds) {
            done += round.get();
        }
        portals.shutdown();
        assertThat(done).isEqualTo(1);
        assertThat(current(anna).rules()).containsExactly(old);
        assertThat(group(anna).version()).isEqualTo(4);
        assertThat(group(anna).awaitsConfirmation()).isFalse();
        List<Revision> history = fixtures.as(anna, () -> ruleSets.history(anna.tenant(), web, Long.MAX_VALUE, 2));
        assertThat(history.get(0).summary()).isEqualTo("Back to version 2: version 3 was not confirmed");
        assertThat(history.get(1).revertedAt()).isNotNull();
    }

    @Test
    void revertNowGoesBackAtOnce() {
        fixtures.as(
                anna,
                () -> ruleSets.apply(
                        anna.tenant(),
                        actor(anna),
                        web,
                        1,
                        EMPTY.plus(List.of(rule("tcp", "22"))),
                        Duration.ofMinutes(5),
                        null));
        assertThatThrownBy(() -> apply(anna, 2, EMPTY)).hasMessageContaining("still waits for confirmation");
        fixtures.as(anna, () -> ruleSets.revert(anna.tenant(), actor(anna), web));
        assertThat(current(anna).rules()).isEmpty();
        assertThatThrownBy(() -> fixtures.as(anna, () -> ruleSets.revert(anna.tenant(), actor(anna), web)))
                .isInstanceOf(ConflictException.class);
    }

    @Test
    void draftsCollectUndoRebaseAndApply() {
        Rule ssh = rule("tcp", "22");
        Rule https = rule("tcp", "443");
        apply(anna, 1, EMPTY.plus(List.of(ssh, https)));
        edit(anna, EMPTY.plus(List.of(https)));
        assertThat(draft(anna).target().rules()).containsExactly(https);
        undo(anna, ssh);
        assertThat(fixtures.as(anna, () -> drafts.find(anna.tenant(), anna.id(), web)))
                .as("nothing differs")
                .isEmpty();
        Rule dns = rule("udp", "53");
        edit(anna, EMPTY.plus(List.of(ssh, https, dns)));
        Rule ping = rule("icmp", "echo-request");
        apply(anna, 2, EMPTY.plus(List.of(https, ping)));
        ConflictException conflict = catchThrowableOfType(ConflictException.class, () -> applyDraft(anna));
        assertThat(conflict.code()).isEqualTo("ruleset.stale");
        fixtures.as(anna, () -> drafts.rebase(anna.tenant(), anna.id(), web));
        assertThat(applyDraft(anna).version()).isEqualTo(4);
        assertThat(current(anna).rules()).containsExactly(https, dns, ping);
        assertThat(count(anna, "rule_draft")).isZero();
    }

    @Test
    void aGroupInUseIsNotDeleted() {
        Machine vm = machines.machine(anna, "web", machines.host());
        SecurityGroupId db = fixtures.as(
                anna, () -> groups.create(anna.tenant(), actor(anna), "db", "").id());
        RuleSpec fromWeb = new RuleSpec(
                Direction.INGRESS,
                Action.ALLOW,
                EtherType.ANY,
                Protocol.TCP,
                PortRange.of(5432),
                null,
                new Remote.Group(web),
                "",
                true,
                false,
                null);
        fixtures.as(anna, () -> {
            attachments.attach(anna.tenant(), actor(anna), vm.nic(), web);
            return ruleSets.apply(
                    anna.tenant(),
                    actor(anna),
                    db,
                    1,
                    EMPTY.plus(List.of(new Rule(new RuleId(ids.next()), fromWeb))),
                    null,
                    null);
        });
        assertThatThrownBy(() -> fixtures.as(anna, () -> {
                    groups.delete(anna.tenant(), actor(anna), web);
                    return null;
                }))
                .hasMessage(
                        "web cannot be deleted: it is attached to web/eth0, and rules of db refer to it. Detach it and"
                                + " remove those rules first.");
        fixtures.as(anna, () -> {
            attachments.detach(anna.tenant(), actor(anna), vm.nic(), web);
            groups.delete(anna.tenant(), actor(anna), db);
            groups.delete(anna.tenant(), actor(anna), web);
            return null;
        });
        assertThat(count(anna, "security_group")).isZero();
    }

    private Applied apply(Person person, long base, RuleSet set) {
        return fixtures.as(person, () -> ruleSets.apply(person.tenant(), actor(person), web, base, set, null, null));
    }

    private Applied applyDraft(Person person) {
        String seen = draft(person).stamp();
        return fixtures.as(person, () -> drafts.apply(person.tenant(), actor(person), person.id(), web, seen, null));
    }

    private void edit(Person person, RuleSet target) {
        fixtures.as(person, () -> {
            drafts.edit(person.tenant(), person.id(), web, set -> target);
            return null;
        });
    }

    private void undo(Person person, Rule rule) {
        fixtures.as(person, () -> {
            drafts.undo(person.tenant(), person.id(), web, rule.id());
            return null;
        });
    }

    private Draft draft(Person person) {
        return fixtures.as(person, () -> drafts.find(person.tenant(), person.id(), web))
                .orElseThrow();
    }

    private RuleSet current(Person person) {
        return fixtures.as(person, () -> ruleSets.current(person.tenant(), groups.get(person.tenant(), web)));
    }

    private SecurityGroup group(Person person) {
        return fixtures.as(person, () -> groups.get(person.tenant(), web));
    }

    private NicState nic(Person person) {
        return fixtures.as(person, () -> enforcement.ofGroup(person.tenant(), web))
                .get(0);
    }

    private long count(Person person, String table) {
        return fixtures.as(
                person,
                () -> portal.sql("select count(*) from " + table)
                        .query(Long.class)
                        .single());
    }

    private List<String> actions() {
        return system.sql("select action from audit_event where tenant_id = ? order by sequence")
                .param(anna.tenant().value())
                .query(String.class)
                .list();
    }

    /** The generators' groups do not exist here. */
    private static RuleSet known(RuleSet set) {
        return new RuleSet(
                set.egressDefault(),
                set.rules().stream()
                        .filter(rule -> !(rule.spec().remote() instanceof Remote.Group)
                                && !(rule.spec().remote() instanceof Remote.Addresses))
                        .toList());
    }

    private Rule rule(String protocol, String ports) {
        RuleInput input = RuleInput.EMPTY_INGRESS.withService(protocol, ports);
        return new Rule(
                new RuleId(ids.next()),
                new RuleReader(RemoteNames.NONE, Instant.EPOCH, ZoneOffset.UTC)
                        .read(input)
                        .specs()
                        .get(0));
    }

    private static Actor actor(Person person) {
        return Actor.member(person.id(), person.email(), null);
    }
}
