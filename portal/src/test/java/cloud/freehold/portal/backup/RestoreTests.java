package cloud.freehold.portal.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.desired.PowerState;
import cloud.freehold.portal.backup.Restores.InPlace;
import cloud.freehold.portal.backup.Restores.ToNewVm;
import cloud.freehold.portal.backup.Restores.ToVolume;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.VmCommand;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmState;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.operation.ChainsNow;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.OperationState;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.util.ReflectionTestUtils;

/** In place, to a new VM, as a volume more; and that a restore that fails leaves nothing worse than before. */
@PortalTest
class RestoreTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Restores restores;

    @Autowired
    private Operations operations;

    @Autowired
    private Vms vms;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private BackupFixture rig;
    private Person anna;
    private VmId web;
    private RecoveryPoint point;

    @BeforeEach
    void aPoint() throws IOException {
        anna = fixtures.owner("acme");
        rig = new BackupFixture(context, system);
        web = rig.vm(anna, "web");
        point = rig.point(anna, web);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private void goOn() throws IOException {
        for (int round = 0; round < 6; round++) {
            new ChainsNow(context).run();
            rig.hostFollows();
        }
    }

    private List<Operation> chain(Operation operation) {
        return fixtures.as(anna, () -> operations.chain(anna.tenant(), operation.chain()));
    }

    private VmState state() {
        return fixtures.as(anna, () -> vms.get(anna.tenant(), web)).state();
    }

    private Operation inPlace() {
        return fixtures.as(
                anna, () -> restores.inPlace(anna.tenant(), point.id(), new InPlace("web", true, false), null));
    }

    private void failRestores() {
        rig.host.onCommand(command -> command instanceof HostCommand.RestoreVolumes
                ? new CommandProgress(
                        Status.FAILED,
                        10,
                        "",
                        new Problem(ProblemCode.STORE_DAMAGED, "A chunk is missing.", Instant.now()),
                        Instant.now())
                : rig.host.done(command));
    }

    @Test
    void inPlaceStopsKeepsWhatIsThereRestoresAndStartsAgain() throws IOException {
        Operation restore = inPlace();
        assertThat(chain(restore))
                .extracting(Operation::kind)
                .containsExactly(
                        OperationKind.VM_STOP, OperationKind.BACKUP, OperationKind.RESTORE, OperationKind.VM_START);
        goOn();
        assertThat(chain(restore)).extracting(Operation::state).containsOnly(OperationState.DONE);
        assertThat(state()).isEqualTo(VmState.RUNNING);
        assertThat(rig.points(anna))
                .extracting(RecoveryPoint::origin)
                .containsExactlyInAnyOrder(Origin.MANUAL, Origin.BEFORE_RESTORE);
        HostCommand.RestoreVolumes command = seen();
        assertThat(command.volumes().get(0).volumeId())
                .isEqualTo(point.volumes().get(0).volumeId());
        assertThat(command.volumes().get(0).root())
                .isEqualTo(point.volumes().get(0).root());
        assertThat(rig.host.inputs().get(command.id()).pinned())
                .contains(command.volumes().get(0).root());
    }

    @Test
    void vmThatCannotBeRestoredIsStartedAgain() throws IOException {
        failRestores();
        Operation restore = inPlace();
        goOn();
        assertThat(rig.again(anna, restore).errorCode()).isEqualTo("host.store-damaged");
        assertThat(chain(restore).get(3).state()).isEqualTo(OperationState.DONE);
        assertThat(state()).isEqualTo(VmState.RUNNING);
    }

    @Test
    void aRestoreThatIsNotBegunBecauseItsBackupFailedIsToldAsFailed() throws IOException {
        rig.host.onCommand(command -> command instanceof HostCommand.BackupVm
                ? new CommandProgress(
                        Status.FAILED,
                        10,
                        "",
                        new Problem(ProblemCode.STORE_UNAVAILABLE, "The store does not answer.", Instant.now()),
                        Instant.now())
                : rig.host.done(command));
        Operation restore = inPlace();
        goOn();
        assertThat(rig.again(anna, restore).errorCode()).isEqualTo("operation.step-failed");
        assertThat(system.sql("select kind from notification where tenant_id = ?")
                        .param(anna.tenant().value())
                        .query(String.class)
                        .list())
                .contains("RESTORE_FAILED");
    }

    @Test
    void cancelledChainStartsTheVmAgain() throws IOException {
        rig.host.onCommand(command -> null);
        Operation restore = inPlace();
        goOn();
        Operation backup = chain(restore).get(1);
        fixtures.as(anna, () -> {
            operations.cancel(anna.tenant(), backup.id());
            return true;
        });
        goOn();
        assertThat(chain(restore))
                .extracting(Operation::state)
                .containsExactly(
                        OperationState.DONE, OperationState.CANCELLED, OperationState.CANCELLED, OperationState.DONE);
        assertThat(state()).isEqualTo(VmState.RUNNING);
    }

    @Test
    void forcingOffHelpsTheChainAlong() throws IOException {
        rig.host.applying(true);
        Operation restore = inPlace();
        fixtures.as(anna, () -> vms.command(anna.tenant(), web, VmCommand.FORCE_OFF, false, null, null));
        goOn();
        assertThat(rig.state(anna, restore)).isEqualTo(OperationState.DONE);
    }

    @Test
    void vmIsNotStartedWhileItsDisksAreOverwritten() throws IOException {
        rig.host.onCommand(command -> null);
        inPlace();
        goOn();
        assertThatThrownBy(() ->
                        fixtures.as(anna, () -> vms.command(anna.tenant(), web, VmCommand.START, false, null, null)))
                .isInstanceOf(ConflictException.class)
                .hasMessageContaining("being restored");
        assertThatThrownBy(this::inPlace).isInstanceOf(ConflictException.class);
    }

    @Test
    void namesMustAgree() {
        assertThatThrownBy(() -> fixtures.as(
                        anna, () -> restores.inPlace(anna.tenant(), point.id(), new InPlace("wep", true, false), null)))
                .isInstanceOf(InvalidInputException.class);
        assertThat(state()).isEqualTo(VmState.RUNNING);
    }

    @Test
    void newVmHasItsOwnAddressAndStartsFromThePoint() throws IOException {
        Operation restore = fixtures.as(
                anna,
                () -> restores.toNewVm(
                        anna.tenant(), point.id(), new ToNewVm("web2", "", null, null, null, true), "k1"));
        Operation again = fixtures.as(
                anna,
                () -> restores.toNewVm(
                        anna.tenant(), point.id(), new ToNewVm("web2", "", null, null, null, true), "k1"));
        assertThat(again.id()).isEqualTo(restore.id());
        goOn();
        assertThat(chain(restore)).extracting(Operation::state).containsOnly(OperationState.DONE);
        var told = rig.host.model().vms().get(restore.targetId());
        assertThat(told.power()).isEqualTo(PowerState.RUNNING);
        assertThat(told.volumes()).singleElement().satisfies(volume -> {
            assertThat(volume.origin()).isEqualTo(DesiredVolume.Origin.RESTORED);
            assertThat(volume.id()).isNotEqualTo(point.volumes().get(0).volumeId());
        });
        assertThat(seen().live()).isTrue();
        assertThat(rig.host.model().nics().values())
                .extracting(nic -> nic.mac())
                .doesNotHaveDuplicates()
                .hasSize(2);
    }

    @Test
    void newVmComesToTheHostThatReachesTheStore() throws IOException {
        try (var other = new cloud.freehold.portal.hostlink.TestHosts(context).enrol("kvm-2")) {
            other.report();
            system.sql("update host set capacity_memory_mib = 900000 where id = ?")
                    .params(other.hostId())
                    .update();
            system.sql("update backup_store set host_id = ?")
                    .params(rig.host.hostId())
                    .update();
            Operation restore = fixtures.as(
                    anna,
                    () -> restores.toNewVm(
                            anna.tenant(), point.id(), new ToNewVm("web2", "", null, null, null, false), null));
            goOn();
            assertThat(rig.state(anna, restore)).isEqualTo(OperationState.DONE);
            assertThat(rig.host.model().vms()).containsKey(restore.targetId());
        }
    }

    @Test
    void volumeIsAddedToARunningVmAndTakenBackWhenItDoesNotArrive() throws IOException {
        ToVolume wanted = new ToVolume(point.volumes().get(0).volumeId(), web, "old data");
        Operation good = fixtures.as(anna, () -> restores.volume(anna.tenant(), point.id(), wanted, null));
        goOn();
        assertThat(rig.state(anna, good)).isEqualTo(OperationState.DONE);
        assertThat(rig.host.model().vms().get(web.value()).volumes()).hasSize(2);

        failRestores();
        Operation bad = fixtures.as(anna, () -> restores.volume(anna.tenant(), point.id(), wanted, null));
        goOn();
        ReflectionTestUtils.invokeMethod(context.getBean("unfilledVolumes"), "takeBack");
        rig.hostFollows();
        assertThat(rig.state(anna, bad)).isEqualTo(OperationState.FAILED);
        assertThat(rig.host.model().vms().get(web.value()).volumes()).hasSize(2);
    }

    @Test
    void pointIsRestoredAlthoughItsVmIsGone() throws IOException {
        fixtures.as(anna, () -> vms.delete(anna.tenant(), web, "web", null, null));
        rig.hostFollows();
        assertThatThrownBy(this::inPlace).isInstanceOf(ConflictException.class).hasMessageContaining("new VM");
        Operation restore = fixtures.as(
                anna,
                () -> restores.toNewVm(
                        anna.tenant(), point.id(), new ToNewVm("web", "", null, null, null, false), null));
        goOn();
        assertThat(rig.state(anna, restore)).isEqualTo(OperationState.DONE);
    }

    @Test
    void anotherTenantRestoresNothing() throws IOException {
        Person gina = fixtures.owner("globex");
        VmId lab = rig.vm(gina, "lab");
        assertThatThrownBy(() -> fixtures.as(
                        gina, () -> restores.inPlace(gina.tenant(), point.id(), new InPlace("web", true, false), null)))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(
                        gina,
                        () -> restores.toNewVm(
                                gina.tenant(), point.id(), new ToNewVm("x", "", null, null, null, false), null)))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(
                        anna,
                        () -> restores.volume(
                                anna.tenant(),
                                point.id(),
                                new ToVolume(point.volumes().get(0).volumeId(), lab, "x"),
                                null)))
                .isInstanceOf(NotFoundException.class);
    }

    private HostCommand.RestoreVolumes seen() {
        return rig.host.commandsSeen().stream()
                .filter(HostCommand.RestoreVolumes.class::isInstance)
                .map(HostCommand.RestoreVolumes.class::cast)
                .findFirst()
                .orElseThrow();
    }
}
