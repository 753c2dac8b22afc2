package cloud.freehold.portal.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.backup.Transfer;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.database.PostgresFault;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.TestHosts;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationState;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.operation.OverdueNow;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import cloud.freehold.testing.FakeHost;
import cloud.freehold.testing.FakeResults;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** From the wish to the point, and all that must not become one. */
@PortalTest
class BackupLifeTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Backups backups;

    @Autowired
    private Operations operations;

    @Autowired
    private Snapshots snapshots;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private BackupFixture rig;
    private Person anna;
    private VmId web;

    @BeforeEach
    void aVmOnAHostWithAStore() throws IOException {
        anna = fixtures.owner("acme");
        rig = new BackupFixture(context, system);
        web = rig.vm(anna, "web");
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void backupBecomesAPointWithItsCertificate() throws IOException {
        Operation asked = rig.ask(anna, web);
        assertThat(rig.points(anna)).isEmpty();
        rig.hostFollows();

        assertThat(rig.state(anna, asked)).isEqualTo(OperationState.DONE);
        RecoveryPoint point = rig.points(anna).get(0);
        assertThat(point.achieved()).isEqualTo(Consistency.FILESYSTEM);
        assertThat(point.certificate().freezeMillis()).isEqualTo(85);
        assertThat(point.addedBytes()).isEqualTo(FakeResults.ADDED);
        assertThat(point.vmName()).isEqualTo("web");
        assertThat(point.volumes()).singleElement().satisfies(volume -> {
            assertThat(volume.device()).isEqualTo("vda");
            assertThat(volume.sizeBytes()).isEqualTo(1L << 30);
        });
    }

    @Test
    void secondBackupStartsFromTheFirst() throws IOException {
        RecoveryPoint first = rig.point(anna, web);
        rig.ask(anna, web);
        rig.hostFollows();
        HostCommand.BackupVm second = backupsSeen().get(1);
        HostCommand.BackupVm.Source source = second.volumes().get(0);
        assertThat(source.base()).isEqualTo(first.volumes().get(0).root());
        assertThat(source.checkpoint()).isEqualTo("cp-" + first.id());
        assertThat(rig.host.inputs().get(second.id()).pinned()).contains(source.base());
    }

    /** The time that a snapshot may take is a quarter of an hour, and a backup takes hours. */
    @Test
    void aSnapshotDoesNotRunOutOfTimeWhileABackupHasTheDisks() throws IOException {
        rig.host.onCommand(command -> null);
        Operation backup = rig.ask(anna, web);
        Operation snapshot = fixtures.as(
                anna,
                () -> snapshots.take(
                        anna.tenant(),
                        new Snapshots.NewSnapshot(
                                List.of(web), "before", "", false, Consistency.CRASH, Consistency.CRASH),
                        null));
        for (int round = 0; round < 5; round++) {
            clock.advance(Duration.ofMinutes(10));
            new OverdueNow(context).run();
        }
        assertThat(rig.state(anna, backup)).isEqualTo(OperationState.QUEUED);
        assertThat(rig.state(anna, snapshot)).isEqualTo(OperationState.QUEUED);
        rig.host.onCommand(rig.host::done);
        rig.hostFollows();
        rig.hostFollows();
        assertThat(rig.state(anna, snapshot)).isEqualTo(OperationState.DONE);
    }

    @Test
    void removedPointIsStillTheBaseUntilItsDataIsGone() throws IOException {
        RecoveryPoint first = rig.point(anna, web);
        remove(first);
        rig.ask(anna, web);
        rig.hostFollows();
        assertThat(backupsSeen().get(1).volumes().get(0).base())
                .isEqualTo(first.volumes().get(0).root());
    }

    @Test
    void inputIsForTheCommandsOwnHostWhileItIsOpen() throws IOException {
        rig.host.onCommand(command -> null);
        Operation asked = rig.ask(anna, web);
        rig.hostFollows();
        CommandInput input = rig.host.input(asked.id().value());
        assertThat(input.tenantKey()).matches("[0-9a-f]{64}");
        assertThat(rig.host.input(asked.id().value()).tenantKey()).isEqualTo(input.tenantKey());

        try (FakeHost other = new TestHosts(context).enrol("kvm-2")) {
            assertThat(other.client().get(inputPath(asked)).statusCode()).isEqualTo(404);
            assertThat(other.progress(asked.id().value(), done(null))).isEqualTo(404);
        }
        fixtures.as(anna, () -> {
            operations.cancel(anna.tenant(), asked.id());
            return true;
        });
        assertThat(rig.host.client().get(inputPath(asked)).statusCode()).isEqualTo(410);
        assertThat(system.sql("select count(*) from provider_audit_event where action = 'host.foreign-command'")
                        .query(Long.class)
                        .single())
                .isEqualTo(2);
    }

    @Test
    void keysOfTenantsDifferAndLieWrapped() throws IOException {
        Person gina = fixtures.owner("globex");
        VmId lab = rig.vm(gina, "lab");
        rig.point(anna, web);
        rig.point(gina, lab);
        List<String> keys = rig.host.inputs().values().stream()
                .map(CommandInput::tenantKey)
                .distinct()
                .toList();
        assertThat(keys).hasSize(2);
        String stored = system.sql("select string_agg(encode(wrapped, 'hex'), ' ') from backup_key")
                .query(String.class)
                .single();
        assertThat(keys).noneMatch(stored::contains);
    }

    @Test
    void cancelledBackupIsNoPointWhateverTheHostSays() throws IOException {
        rig.host.onCommand(command -> null);
        Operation asked = rig.ask(anna, web);
        rig.hostFollows();
        HostCommand.BackupVm command = backupsSeen().get(0);
        assertThat(rig.host.progress(
                        command.id(),
                        new CommandProgress(
                                Status.RUNNING,
                                40,
                                "copying",
                                null,
                                Instant.now(),
                                new Transfer(400, 1000, 100),
                                null)))
                .isEqualTo(204);
        Operation running = rig.again(anna, asked);
        assertThat(running.copied().remaining()).isEqualTo(Duration.ofSeconds(6));

        fixtures.as(anna, () -> {
            operations.cancel(anna.tenant(), asked.id());
            return true;
        });
        assertThat(rig.host.progress(command.id(), done(FakeResults.taken(command, rig.host.model()))))
                .isEqualTo(410);
        assertThat(rig.points(anna)).isEmpty();
        assertThatThrownBy(() -> fixtures.as(anna, () -> {
                    operations.cancel(anna.tenant(), asked.id());
                    return true;
                }))
                .isInstanceOf(ConflictException.class);
    }

    @Test
    void resultThatPromisesTooLittleIsAFailure() throws IOException {
        assertFails(done(null));
        assertFails(done(new CommandResult.BackupTaken(FakeResults.certificate(Consistency.CRASH), List.of())));
        assertFails(done(new CommandResult.BackupTaken(null, null)));
        assertFails(done(new CommandResult.BackupTaken(
                FakeResults.certificate(Consistency.FILESYSTEM),
                List.of(new CommandResult.StoredVolume(
                        new cloud.freehold.api.backup.VolumeRoot(UUID.randomUUID(), "a root", 1), null, 0, 0, 0, 0)))));
        assertFails(done(new CommandResult.BackupTaken(
                FakeResults.certificate(Consistency.FILESYSTEM),
                List.of(new CommandResult.StoredVolume(
                        new cloud.freehold.api.backup.VolumeRoot(UUID.randomUUID(), "foreign", 1),
                        null,
                        0,
                        0,
                        0,
                        0)))));
    }

    private void assertFails(CommandProgress end) throws IOException {
        rig.host.onCommand(command -> end);
        Operation asked = rig.ask(anna, web);
        rig.hostFollows();
        Operation failed = rig.again(anna, asked);
        assertThat(failed.state()).isEqualTo(OperationState.FAILED);
        assertThat(failed.errorCode()).isEqualTo("host.internal");
        assertThat(rig.points(anna)).isEmpty();
    }

    @Test
    void weakerThanAcceptableIsNoPoint() throws IOException {
        rig.host.onCommand(command -> done(new CommandResult.BackupTaken(
                FakeResults.certificate(Consistency.CRASH),
                FakeResults.taken((HostCommand.BackupVm) command, rig.host.model())
                        .volumes())));
        Operation asked = fixtures.as(
                anna,
                () -> backups.backUp(
                        anna.tenant(),
                        NewBackup.byHand(web, null, Consistency.FILESYSTEM, Consistency.BARRIER, ""),
                        null));
        rig.hostFollows();
        assertThat(rig.again(anna, asked).errorMessage()).contains("weaker");
        assertThat(rig.points(anna)).isEmpty();
    }

    @Test
    void twoBackupsOfAVmReachTheHostOneAfterTheOther() throws IOException {
        rig.host.onCommand(command -> null);
        Operation first = rig.ask(anna, web);
        Operation second = rig.ask(anna, web);
        rig.hostFollows();
        assertThat(backupsSeen())
                .extracting(HostCommand.BackupVm::id)
                .containsExactly(first.id().value());
        HostCommand.BackupVm command = backupsSeen().get(0);
        rig.host.input(command.id());
        rig.host.progress(command.id(), done(FakeResults.taken(command, rig.host.model())));
        rig.hostFollows();
        assertThat(backupsSeen()).hasSize(2);
        assertThat(backupsSeen().get(1).id()).isEqualTo(second.id().value());
        assertThat(backupsSeen().get(1).volumes().get(0).base()).isNotNull();
    }

    @Test
    void pointIsRemovedBroughtBackAndProtected() throws IOException {
        RecoveryPoint point = rig.point(anna, web);
        remove(point);
        assertThat(rig.points(anna)).isEmpty();
        RecoveryPoint removed = fixtures.as(anna, () -> backups.point(anna.tenant(), point.id()));
        assertThat(removed.isRemoved()).isTrue();
        assertThat(removed.undoUntil()).isAfter(Instant.now().plus(Duration.ofHours(23)));
        fixtures.as(anna, () -> {
            backups.bringBack(anna.tenant(), point.id(), null);
            backups.describe(anna.tenant(), point.id(), "before the move", true, null);
            return true;
        });
        assertThat(rig.points(anna)).singleElement().satisfies(back -> {
            assertThat(back.isProtected()).isTrue();
            assertThat(back.note()).isEqualTo("before the move");
        });
        assertThatThrownBy(() -> remove(point)).isInstanceOf(ConflictException.class);
    }

    @Test
    void pointOutlivesItsVm() throws IOException {
        RecoveryPoint point = rig.point(anna, web);
        fixtures.as(
                anna,
                () -> context.getBean(cloud.freehold.portal.compute.Vms.class)
                        .delete(anna.tenant(), web, "web", null, null));
        rig.hostFollows();
        assertThat(rig.points(anna)).singleElement().satisfies(left -> {
            assertThat(left.id()).isEqualTo(point.id());
            assertThat(left.vmExists()).isFalse();
        });
    }

    @Test
    void anotherTenantFindsNothing() throws IOException {
        RecoveryPoint point = rig.point(anna, web);
        Person gina = fixtures.owner("globex");
        assertThat(rig.points(gina)).isEmpty();
        assertThatThrownBy(() -> fixtures.as(gina, () -> backups.point(gina.tenant(), point.id())))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(gina, () -> {
                    backups.remove(gina.tenant(), point.id(), null);
                    return true;
                }))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> rig.ask(gina, web)).isInstanceOf(NotFoundException.class);
        assertThat(rig.points(anna)).hasSize(1);
    }

    @Test
    void storeOutOfReachOfTheVmsHostIsRefused() {
        system.sql("update backup_store set host_id = (select id from host limit 1)")
                .update();
        rig.ask(anna, web);
        try (FakeHost other = new TestHosts(context).enrol("kvm-2")) {
            system.sql("update backup_store set host_id = ?")
                    .params(other.hostId())
                    .update();
            assertThatThrownBy(() -> rig.ask(anna, web)).isInstanceOf(InvalidInputException.class);
        }
    }

    @Test
    void sameKeyAsksOnce() {
        NewBackup wanted = NewBackup.byHand(web, null, Consistency.CRASH, Consistency.CRASH, "");
        Operation first = fixtures.as(anna, () -> backups.backUp(anna.tenant(), wanted, "k1"));
        Operation again = fixtures.as(anna, () -> backups.backUp(anna.tenant(), wanted, "k1"));
        assertThat(again.id()).isEqualTo(first.id());
    }

    /** The host repeats its word until it is heard: the point is there, once, whenever the database died. */
    @Test
    void resultIsNeitherLostNorDoubledWhenTheDatabaseDiesInTheMiddle() throws Exception {
        rig.host.onCommand(command -> null);
        for (int round = 0; round < 4; round++) {
            Operation asked = onALivingConnection(() -> fixtures.as(anna, () -> {
                context.getBean(JdbcClient.class)
                        .sql("set local synchronous_commit = on")
                        .update();
                return backups.backUp(
                        anna.tenant(), NewBackup.byHand(web, null, Consistency.CRASH, Consistency.CRASH, ""), null);
            }));
            rig.hostFollows();
            HostCommand.BackupVm command = backupsSeen().get(round);
            Thread crash = new Thread(() -> PostgresFault.killAndAwaitAnother(context));
            crash.start();
            int status = 0;
            for (int attempt = 0; status != 204 && attempt < 5_000; attempt++) {
                status = attemptToEnd(command);
            }
            crash.join();
            assertThat(status).isEqualTo(204);
            // Tests commit without waiting for the disk, so the crash may take back what was confirmed: once more.
            int again = 0;
            for (int attempt = 0; again != 204 && attempt < 5_000; attempt++) {
                again = attemptToEnd(command);
            }
            assertThat(onALivingConnection(() -> rig.state(anna, asked))).isEqualTo(OperationState.DONE);
            assertThat(onALivingConnection(() -> rig.points(anna))).hasSize(round + 1);
        }
    }

    /** The pool may hold connections to the server that died. */
    private static <T> T onALivingConnection(Supplier<T> read) {
        RuntimeException last = null;
        for (int attempt = 0; attempt < 1_000; attempt++) {
            try {
                return read.get();
            } catch (RuntimeException dead) {
                last = dead;
            }
        }
        throw new AssertionError("no living connection", last);
    }

    private int attemptToEnd(HostCommand.BackupVm command) {
        try {
            return rig.host.progress(command.id(), done(FakeResults.taken(command, rig.host.model())));
        } catch (IOException away) {
            return 0;
        }
    }

    private static CommandProgress done(CommandResult result) {
        return new CommandProgress(Status.DONE, 100, "done", null, Instant.now(), null, result);
    }

    private static String inputPath(Operation operation) {
        return AgentPaths.COMMANDS + "/" + operation.id() + "/input";
    }

    private List<HostCommand.BackupVm> backupsSeen() {
        return rig.host.commandsSeen().stream()
                .filter(HostCommand.BackupVm.class::isInstance)
                .map(HostCommand.BackupVm.class::cast)
                .toList();
    }

    private void remove(RecoveryPoint point) {
        fixtures.as(anna, () -> {
            backups.remove(anna.tenant(), point.id(), null);
            return true;
        });
    }
}
