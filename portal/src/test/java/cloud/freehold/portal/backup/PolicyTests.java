package cloud.freehold.portal.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.backup.schedule.Schedulers;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.StaleVersionException;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.operation.OperationFilter;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Labels, schedules, catching up, pruning; and that two portals do nothing twice. */
@PortalTest
class PolicyTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Policies policies;

    @Autowired
    private Operations operations;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private BackupFixture rig;
    private Person anna;
    private VmId web;
    private VmId db;

    @BeforeEach
    void twoVms() throws IOException {
        anna = fixtures.owner("acme");
        rig = new BackupFixture(context, system);
        web = rig.vm(anna, "web");
        db = rig.vm(anna, "db");
    }

    @AfterEach
    void close() {
        rig.close();
    }

    static PolicySettings settings(StoreId store, String name, Retention keep, String... labels) {
        return new PolicySettings(
                name,
                true,
                store,
                labels.length == 0,
                List.of(labels),
                new Schedule("0 0 * * * *"),
                Consistency.FILESYSTEM,
                Consistency.CRASH,
                10_000,
                keep,
                Duration.ofHours(2),
                null,
                null,
                null,
                null,
                null);
    }

    private PolicyId create(Retention keep, String... labels) {
        return fixtures.as(anna, () -> policies.create(anna.tenant(), settings(rig.store, "hourly", keep, labels)));
    }

    private Policy policy(PolicyId id) {
        return fixtures.as(anna, () -> policies.get(anna.tenant(), id));
    }

    private long backupsAsked() {
        return system.sql("select count(*) from operation where kind = 'BACKUP'")
                .query(Long.class)
                .single();
    }

    @Test
    void labelsAttachPoliciesToVms() {
        PolicyId id = create(Retention.USUAL, "env=prod", "important");
        assertThat(policy(id).vms()).isEmpty();
        label(web, "env=prod");
        label(db, "important", "env=prod");
        assertThat(policy(id).vms()).extracting(Policy.Covered::name).containsExactly("db", "web");
        label(db);
        assertThat(policy(id).vms()).extracting(Policy.Covered::name).containsExactly("web");
        assertThatThrownBy(() -> label(db, "Not A Label")).isInstanceOf(InvalidInputException.class);
        assertThat(policy(id).nextRuns()).hasSize(5);
    }

    private void label(VmId vm, String... labels) {
        fixtures.as(anna, () -> {
            policies.label(anna.tenant(), vm, Set.of(labels));
            return true;
        });
    }

    @Test
    void missedRunsAreCaughtUpOnceAndNoneIsDoneTwice() throws Exception {
        PolicyId id = create(Retention.USUAL);
        clock.advance(Duration.ofHours(7));
        try (Schedulers two = new Schedulers(context, system, 2)) {
            two.awaitNothingDue();
            assertThat(backupsAsked()).isEqualTo(2);
            rig.hostFollows();
            clock.advance(Duration.ofHours(1));
            two.awaitNothingDue();
            assertThat(backupsAsked()).isEqualTo(4);
        }
        assertThat(policy(id).lastRun()).isNotNull();
    }

    /** Ten policies, three portals, a day of hours. */
    @Test
    void manyPortalsRunEachMomentOfEachPolicyOnce() throws Exception {
        for (int i = 0; i < 10; i++) {
            String name = "p" + i;
            fixtures.as(anna, () -> policies.create(anna.tenant(), settings(rig.store, name, Retention.USUAL)));
        }
        try (Schedulers three = new Schedulers(context, system, 3)) {
            for (int hour = 1; hour <= 6; hour++) {
                clock.advance(Duration.ofHours(1));
                three.awaitNothingDue();
                assertThat(backupsAsked()).isEqualTo(hour * 20L);
                system.sql(
                                "update operation set state = 'DONE', finished_at = now() where kind = 'BACKUP' and state = 'QUEUED'")
                        .update();
            }
        }
    }

    @Test
    void pausedPolicyDoesNothingAndCatchesNothingUp() throws Exception {
        PolicyId id = create(Retention.USUAL);
        PolicySettings on = policy(id).settings();
        change(id, paused(on));
        clock.advance(Duration.ofHours(3));
        try (Schedulers one = new Schedulers(context, system, 1)) {
            one.awaitNothingDue();
            assertThat(backupsAsked()).isZero();
            change(id, on);
            one.awaitNothingDue();
            assertThat(backupsAsked()).isZero();
            clock.advance(Duration.ofHours(1));
            one.awaitNothingDue();
            assertThat(backupsAsked()).isEqualTo(2);
        }
    }

    private void change(PolicyId id, PolicySettings settings) {
        fixtures.as(anna, () -> {
            policies.change(anna.tenant(), id, settings, null);
            return true;
        });
    }

    private static PolicySettings paused(PolicySettings on) {
        return new PolicySettings(
                on.name(),
                false,
                on.store(),
                on.allVms(),
                on.labels(),
                on.schedule(),
                on.wanted(),
                on.acceptable(),
                on.freezeLimitMillis(),
                on.retention(),
                on.objective(),
                on.verify(),
                on.drill(),
                on.drillPort(),
                on.drillPath(),
                on.recoveryObjective());
    }

    @Test
    void slowBackupIsNotPiledUpOn() {
        PolicyId id = create(Retention.USUAL);
        Policies.Run first = fixtures.as(anna, () -> policies.runNow(anna.tenant(), id));
        Policies.Run second = fixtures.as(anna, () -> policies.runNow(anna.tenant(), id));
        assertThat(first.started()).isEqualTo(2);
        assertThat(second.started()).isZero();
        assertThat(second.refused().keySet()).containsExactlyInAnyOrder("web", "db");
        assertThat(backupsAsked()).isEqualTo(2);
    }

    @Test
    void newPointPrunesOldOnesOfItsVmAlone() throws IOException {
        PolicyId id = create(new Retention(2, 0, 0, 0, 0, 0));
        for (int run = 0; run < 3; run++) {
            fixtures.as(anna, () -> policies.runNow(anna.tenant(), id));
            rig.hostFollows();
        }
        RecoveryPoint byHand = rig.point(anna, web);
        assertThat(rig.points(anna)).hasSize(5).contains(byHand);
        assertThat(policy(id).vms()).extracting(Policy.Covered::points).containsOnly(2);
    }

    @Test
    void previewSaysWhatGoesAndPruneDoesThatAndNoMore() throws IOException {
        PolicyId id = create(new Retention(0, 0, 0, 0, 0, 0));
        for (int run = 0; run < 3; run++) {
            fixtures.as(anna, () -> policies.runNow(anna.tenant(), id));
            rig.hostFollows();
        }
        Retention one = new Retention(1, 0, 0, 0, 0, 0);
        List<Policies.Preview> preview = fixtures.as(anna, () -> policies.preview(anna.tenant(), id, one));
        assertThat(preview).hasSize(2).allMatch(each -> each.going() == 2);
        assertThat(rig.points(anna)).hasSize(6);
        PolicySettings now = policy(id).settings();
        change(id, settings(now.store(), now.name(), one));
        assertThat(fixtures.<Integer>as(anna, () -> policies.prune(anna.tenant(), id)))
                .isEqualTo(4);
        assertThat(rig.points(anna)).hasSize(2);
    }

    @Test
    void aPointThatIsKnownToBeDamagedTakesNoGoodOnesPlace() throws IOException {
        PolicyId id = create(new Retention(0, 0, 0, 0, 0, 0));
        for (int run = 0; run < 3; run++) {
            fixtures.as(anna, () -> policies.runNow(anna.tenant(), id));
            rig.hostFollows();
        }
        system.sql("""
                        update recovery_point set damages = '[{"root": "r"}]' where id in (
                            select distinct on (vm_id) id from recovery_point order by vm_id, taken_at desc, id desc)
                        """).update();
        Retention one = new Retention(1, 0, 0, 0, 0, 0);
        List<Policies.Preview> preview = fixtures.as(anna, () -> policies.preview(anna.tenant(), id, one));
        assertThat(preview).hasSize(2).allMatch(each -> each.going() == 1);
    }

    @Test
    void pointsOutliveTheirPolicy() throws IOException {
        PolicyId id = create(Retention.USUAL);
        fixtures.as(anna, () -> policies.runNow(anna.tenant(), id));
        rig.hostFollows();
        fixtures.as(anna, () -> {
            policies.delete(anna.tenant(), id, null);
            return true;
        });
        assertThat(rig.points(anna)).hasSize(2).allMatch(point -> point.policyId() == null);
    }

    @Test
    void verifyAndDrillFollowTheirOwnSchedules() throws Exception {
        PolicySettings plain = settings(rig.store, "proven", Retention.USUAL);
        PolicyId id = fixtures.as(
                anna,
                () -> policies.create(
                        anna.tenant(),
                        new PolicySettings(
                                plain.name(),
                                true,
                                plain.store(),
                                true,
                                List.of(),
                                plain.schedule(),
                                plain.wanted(),
                                plain.acceptable(),
                                10_000,
                                plain.retention(),
                                null,
                                new Schedule("0 30 * * * *"),
                                new Schedule("0 45 * * * *"),
                                80,
                                "/health",
                                Duration.ofSeconds(2))));
        fixtures.as(anna, () -> policies.runNow(anna.tenant(), id));
        rig.hostFollows();
        clock.advance(Duration.ofHours(1));
        try (Schedulers one = new Schedulers(context, system, 1)) {
            one.awaitNothingDue();
        }
        rig.hostFollows();
        List<OperationKind> kinds = fixtures.as(
                anna,
                () -> operations.page(anna.tenant(), OperationFilter.latest(50)).items().stream()
                        .map(operation -> operation.kind())
                        .toList());
        assertThat(kinds).contains(OperationKind.POINTS_VERIFY).contains(OperationKind.DRILL);
        HostCommand.DrillPoint drill = rig.host.commandsSeen().stream()
                .filter(HostCommand.DrillPoint.class::isInstance)
                .map(HostCommand.DrillPoint.class::cast)
                .findFirst()
                .orElseThrow();
        assertThat(drill.check().port()).isEqualTo(80);
        List<Drill> drills = fixtures.as(
                anna,
                () -> context.getBean(Upkeep.class)
                        .drills(anna.tenant(), null, null, 10)
                        .items());
        assertThat(drills).hasSize(2).allMatch(Drill::isTooSlow);
        assertThat(rig.points(anna))
                .filteredOn(point -> point.verifiedAt() != null)
                .hasSize(2);
    }

    @Test
    void whatIsWrongIsRefused() {
        create(Retention.USUAL);
        assertThatThrownBy(() -> create(Retention.USUAL)).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> fixtures.as(
                        anna,
                        () -> policies.create(
                                anna.tenant(),
                                settings(StoreId.of("00000000-0000-7000-8000-00000000000f"), "x", Retention.USUAL))))
                .isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> fixtures.as(
                        anna,
                        () -> policies.create(
                                anna.tenant(), settings(rig.store, "x", new Retention(-1, 0, 0, 0, 0, 0)))))
                .isInstanceOf(InvalidInputException.class);
    }

    @Test
    void anotherTenantAndAStaleVersionChangeNothing() {
        PolicyId id = create(Retention.USUAL);
        Person gina = fixtures.owner("globex");
        PolicySettings settings = settings(rig.store, "taken", Retention.USUAL);
        assertThatThrownBy(() -> fixtures.as(gina, () -> {
                    policies.change(gina.tenant(), id, settings, null);
                    return true;
                }))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(gina, () -> policies.runNow(gina.tenant(), id)))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(gina, () -> {
                    policies.label(gina.tenant(), web, Set.of("x"));
                    return true;
                }))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(anna, () -> {
                    policies.change(anna.tenant(), id, settings, 7L);
                    return true;
                }))
                .isInstanceOf(StaleVersionException.class);
        assertThat(policy(id).settings().name()).isEqualTo("hourly");
    }

    @Test
    void vmsThatCannotBeBackedUpAreNamedAndDoNotHoldUpOthers() {
        PolicyId id = create(Retention.USUAL);
        system.sql("update vm set host_id = null where id = ?")
                .params(db.value())
                .update();
        Policies.Run run = fixtures.as(anna, () -> policies.runNow(anna.tenant(), id));
        assertThat(run.started()).isEqualTo(1);
        assertThat(run.refused()).containsOnlyKeys("db");
    }

    @Test
    void policyThatCoversNothingSaysSo() {
        PolicyId id = create(Retention.USUAL, "nobody");
        assertThatThrownBy(() -> fixtures.as(anna, () -> policies.runNow(anna.tenant(), id)))
                .isInstanceOf(InvalidInputException.class)
                .isNotInstanceOf(ConflictException.class);
    }
}
