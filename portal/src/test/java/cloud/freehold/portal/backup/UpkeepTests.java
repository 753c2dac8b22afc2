package cloud.freehold.portal.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.operation.ChainsNow;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationState;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import cloud.freehold.testing.FakeResults;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Who decides what is garbage, and what verifying and drills leave behind. */
@PortalTest
class UpkeepTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Backups backups;

    @Autowired
    private Upkeep upkeep;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private BackupFixture rig;
    private Person anna;
    private VmId web;

    @BeforeEach
    void aVm() throws IOException {
        anna = fixtures.owner("acme");
        rig = new BackupFixture(context, system);
        web = rig.vm(anna, "web");
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private Operation collect() {
        return fixtures.as(anna, () -> upkeep.collect(anna.tenant(), rig.store));
    }

    private void remove(RecoveryPoint point) {
        fixtures.as(anna, () -> {
            backups.remove(anna.tenant(), point.id(), null);
            return true;
        });
    }

    private CommandInput inputOf(Operation operation) {
        return rig.host.inputs().get(operation.id().value());
    }

    /** From now on, whatever is read again. */
    private void verifyingFinds(RecoveryPoint hurt, int places) {
        List<CommandResult.Damage> damages = LongStream.range(0, places)
                .mapToObj(place ->
                        new CommandResult.Damage(root(hurt), place * 131_072 + 65_536, 65_536, "ALTERED", "packs/1"))
                .toList();
        rig.host.onCommand(command -> {
            CommandProgress done = rig.host.done(command);
            return command instanceof HostCommand.VerifyPoints
                    ? new CommandProgress(
                            Status.DONE,
                            100,
                            "",
                            null,
                            Instant.now(),
                            null,
                            new CommandResult.PointsVerified(1, 1, damages))
                    : done;
        });
    }

    private void verify(RecoveryPoint point) throws IOException {
        fixtures.as(anna, () -> upkeep.verify(anna.tenant(), point.id(), null));
        rig.hostFollows();
    }

    private static String root(RecoveryPoint point) {
        return point.volumes().get(0).root();
    }

    @Test
    void removedPointsDataGoesOnlyAfterTheTimeToBringItBack() throws IOException {
        RecoveryPoint gone = rig.point(anna, web);
        RecoveryPoint stays = rig.point(anna, web);
        remove(gone);
        Operation early = collect();
        rig.hostFollows();
        assertThat(inputOf(early).liveRoots()).containsExactlyInAnyOrder(root(gone), root(stays));

        clock.advance(Duration.ofHours(25));
        rig.host.report();
        Operation late = collect();
        rig.hostFollows();
        assertThat(inputOf(late).liveRoots()).containsExactly(root(stays));
        assertThatThrownBy(() -> fixtures.as(anna, () -> {
                    backups.bringBack(anna.tenant(), gone.id(), null);
                    return true;
                }))
                .isInstanceOf(NotFoundException.class);
        List<Usage> usage = fixtures.as(anna, () -> upkeep.usage(anna.tenant()));
        assertThat(usage).singleElement().satisfies(each -> {
            assertThat(each.keptBytes()).isEqualTo(10 * FakeResults.ADDED);
            assertThat(each.points()).isEqualTo(1);
        });
        assertThat(system.sql("select count(*) from recovery_point")
                        .query(Long.class)
                        .single())
                .isEqualTo(1);
    }

    @Test
    void whatAnOpenOperationReadsStays() throws IOException {
        RecoveryPoint point = rig.point(anna, web);
        rig.point(anna, web);
        rig.host.onCommand(command -> command instanceof HostCommand.VerifyPoints ? null : rig.host.done(command));
        fixtures.as(anna, () -> upkeep.verify(anna.tenant(), point.id(), null));
        remove(point);
        clock.advance(Duration.ofHours(20));
        clock.advance(Duration.ofHours(3));
        system.sql("update recovery_point set removed_at = removed_at - interval '2 days' where removed_at is not null")
                .update();
        rig.host.report();
        Operation collection = collect();
        rig.hostFollows();
        assertThat(inputOf(collection).liveRoots()).contains(root(point));
    }

    @Test
    void backupBesideACollectionIsLeftAloneOrWaits() throws IOException {
        RecoveryPoint base = rig.point(anna, web);
        rig.host.onCommand(command -> null);
        Operation before = rig.ask(anna, web);
        remove(base);
        system.sql("update recovery_point set removed_at = removed_at - interval '2 days' where removed_at is not null")
                .update();
        Operation collection = collect();
        Operation after = rig.ask(anna, web);
        assertThat(rig.state(anna, after)).isEqualTo(OperationState.WAITING);

        CommandInput input = rig.host.input(collection.id().value());
        assertThat(input.openWriters()).contains(before.id().value());
        // The backup that is under way starts from it.
        assertThat(input.liveRoots()).containsExactly(root(base));

        end(collection, new CommandResult.GarbageCollected(1, 2, 3, 4));
        new ChainsNow(context).run();
        assertThat(rig.state(anna, after)).isEqualTo(OperationState.QUEUED);
    }

    @Test
    void backupThatWaitedForSomethingElseWaitsForTheCollectionToo() throws IOException {
        RecoveryPoint point = rig.point(anna, web);
        rig.host.onCommand(command -> null);
        Operation first = fixtures.as(anna, () -> upkeep.verify(anna.tenant(), point.id(), null));
        Operation waits = fixtures.as(
                anna,
                () -> backups.backUp(
                        anna.tenant(),
                        new NewBackup(
                                web,
                                rig.store,
                                null,
                                Origin.MANUAL,
                                Consistency.CRASH,
                                Consistency.CRASH,
                                NewBackup.USUAL_FREEZE_LIMIT,
                                "",
                                first.id()),
                        null));
        Operation collection = collect();
        end(first, new CommandResult.PointsVerified(1, 1, List.of()));
        new ChainsNow(context).run();
        assertThat(rig.state(anna, waits)).isEqualTo(OperationState.WAITING);
        end(collection, new CommandResult.GarbageCollected(1, 2, 3, 4));
        new ChainsNow(context).run();
        assertThat(rig.state(anna, waits)).isEqualTo(OperationState.QUEUED);
    }

    private void end(Operation operation, CommandResult result) throws IOException {
        rig.host.progress(
                operation.id().value(), new CommandProgress(Status.DONE, 100, "", null, Instant.now(), null, result));
    }

    @Test
    void askingTwiceCollectsOnce() throws IOException {
        rig.point(anna, web);
        assertThat(collect().id()).isEqualTo(collect().id());
    }

    @Test
    void damageIsNamedAtThePointThatHasIt() throws IOException {
        RecoveryPoint hurt = rig.point(anna, web);
        RecoveryPoint well = rig.point(anna, web);
        verifyingFinds(hurt, 1);
        fixtures.as(anna, () -> upkeep.verify(anna.tenant(), hurt.id(), null));
        fixtures.as(anna, () -> upkeep.verify(anna.tenant(), well.id(), null));
        rig.hostFollows();
        assertThat(rig.points(anna)).allMatch(point -> point.verifiedAt() != null);
        assertThat(rig.points(anna))
                .filteredOn(RecoveryPoint::damaged)
                .extracting(RecoveryPoint::id)
                .containsExactly(hurt.id());
    }

    /** What it has lost would be lost to all that follow. */
    @Test
    void nothingIsBuiltOnAPointThatIsKnownToBeDamaged() throws IOException {
        RecoveryPoint hurt = rig.point(anna, web);
        verifyingFinds(hurt, 1);
        verify(hurt);
        rig.ask(anna, web);
        rig.hostFollows();
        HostCommand.BackupVm next = rig.host.commandsSeen().stream()
                .filter(HostCommand.BackupVm.class::isInstance)
                .map(HostCommand.BackupVm.class::cast)
                .reduce((first, second) -> second)
                .orElseThrow();
        assertThat(next.volumes()).singleElement().satisfies(volume -> {
            assertThat(volume.base()).isNull();
            assertThat(volume.checkpoint()).isNull();
        });
        assertThat(rig.host.inputs().get(next.id()).pinned()).isEmpty();
    }

    @Test
    void aFullListOfDamagesClearsNoOtherPoint() throws IOException {
        RecoveryPoint hurt = rig.point(anna, web);
        RecoveryPoint other = rig.point(anna, web);
        verifyingFinds(hurt, 1_000);
        verify(hurt);
        verify(other);
        assertThat(rig.points(anna))
                .filteredOn(point -> point.verifiedAt() != null)
                .extracting(RecoveryPoint::id)
                .containsExactly(hurt.id());
    }

    @Test
    void drillLeavesItsPictureAndItsTime() throws IOException {
        RecoveryPoint point = rig.point(anna, web);
        fixtures.as(anna, () -> upkeep.drill(anna.tenant(), point.id(), new Upkeep.Check(80, "/"), null));
        rig.hostFollows();
        Drill drill = drills().get(0);
        assertThat(drill.passed()).isTrue();
        assertThat(drill.recovery()).isEqualTo(Duration.ofMillis(4_200));
        byte[] picture = fixtures.as(
                anna, () -> upkeep.screenshot(anna.tenant(), drill.id()).orElseThrow());
        assertThat(picture).isEqualTo(FakeResults.screenshot());
        Person gina = fixtures.owner("globex");
        assertThat(fixtures.as(gina, () -> upkeep.screenshot(gina.tenant(), drill.id())))
                .isEmpty();
        assertThatThrownBy(() -> fixtures.as(gina, () -> upkeep.drill(gina.tenant(), point.id(), null, null)))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void drillThatCouldNotBeCarriedOutIsAFinding() throws IOException {
        RecoveryPoint point = rig.point(anna, web);
        rig.host.onCommand(command -> new CommandProgress(
                Status.FAILED,
                5,
                "",
                new Problem(ProblemCode.HOST_CAPACITY, "The host has no memory for it.", Instant.now()),
                Instant.now()));
        fixtures.as(anna, () -> upkeep.drill(anna.tenant(), point.id(), null, null));
        rig.hostFollows();
        assertThat(drills()).singleElement().satisfies(drill -> {
            assertThat(drill.passed()).isFalse();
            assertThat(drill.finding()).contains("no memory");
            assertThat(drill.recovery()).isNull();
        });
    }

    private List<Drill> drills() {
        return fixtures.as(
                anna, () -> upkeep.drills(anna.tenant(), null, null, 10).items());
    }

    @Test
    void pictureThatIsNoneIsLeftOut() throws IOException {
        RecoveryPoint point = rig.point(anna, web);
        rig.host.onCommand(command -> new CommandProgress(
                Status.DONE,
                100,
                "",
                null,
                Instant.now(),
                null,
                new CommandResult.DrillDone(true, 1, 1, "ok", "PHNjcmlwdD4=")));
        fixtures.as(anna, () -> upkeep.drill(anna.tenant(), point.id(), null, null));
        rig.hostFollows();
        assertThat(drills()).singleElement().matches(drill -> !drill.hasScreenshot());
    }
}
