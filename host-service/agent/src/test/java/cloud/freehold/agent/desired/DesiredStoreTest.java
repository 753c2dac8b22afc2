package cloud.freehold.agent.desired;

import static cloud.freehold.agent.Objects.MEMBERS;
import static cloud.freehold.agent.Objects.change;
import static cloud.freehold.agent.Objects.delta;
import static cloud.freehold.agent.Objects.full;
import static cloud.freehold.agent.Objects.group;
import static cloud.freehold.agent.Objects.id;
import static cloud.freehold.agent.Objects.members;
import static cloud.freehold.agent.Objects.network;
import static cloud.freehold.agent.Objects.nic;
import static cloud.freehold.agent.Objects.removal;
import static cloud.freehold.agent.Objects.vm;
import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.desired.PowerState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DesiredStoreTest {
    @TempDir
    Path directory;

    private DesiredStore filled() throws Exception {
        var store = DesiredStore.open(directory);
        store.save(full(
                10,
                network(3),
                group(4),
                members(5, "10.0.0.1", "10.0.0.2"),
                nic("nic", "vm", 6),
                vm("vm", 7, PowerState.RUNNING)));
        return store;
    }

    @Test
    void mergesDeltas() throws Exception {
        var store = filled();
        store.save(
                delta(11, change(5, 11, List.of("10.0.0.3"), List.of("10.0.0.1")), vm("two", 11, PowerState.STOPPED)));
        var present = store.save(removal(12, new ObjectRef(ObjectKind.NIC, id("nic"))));
        assertThat(present.revision()).isEqualTo(12);
        assertThat(present.addressSets().get(MEMBERS).members()).containsExactlyInAnyOrder("10.0.0.2", "10.0.0.3");
        assertThat(present.vms()).containsOnlyKeys(id("vm"), id("two"));
        assertThat(present.nics()).isEmpty();
    }

    @Test
    void isTheSameAfterARestart() throws Exception {
        var store = filled();
        store.save(delta(11, change(5, 11, List.of("10.0.0.3"), List.of())));
        store.save(removal(12, new ObjectRef(ObjectKind.VM, id("vm"))));
        assertThat(DesiredStore.open(directory).present()).isEqualTo(store.present());
        // Once more, after the log was folded into the whole.
        assertThat(DesiredStore.open(directory).present()).isEqualTo(store.present());
    }

    @Test
    void aTornLastLineIsDroppedAndTheNextChangeSurvives() throws Exception {
        var store = filled();
        store.save(delta(11, vm("two", 11, PowerState.STOPPED)));
        Files.writeString(directory.resolve("desired.log"), "{\"epoch\":\"", StandardOpenOption.APPEND);
        var again = DesiredStore.open(directory);
        assertThat(again.present()).isEqualTo(store.present());
        again.save(delta(12, vm("three", 12, PowerState.STOPPED)));
        assertThat(DesiredStore.open(directory).present().vms()).containsKey(id("three"));
    }

    @Test
    void aLogThatTheWholeAlreadyHoldsIsSkipped() throws Exception {
        var store = filled();
        store.save(delta(11, change(5, 11, List.of("10.0.0.3"), List.of())));
        var log = Files.readAllBytes(directory.resolve("desired.log"));
        DesiredStore.open(directory);
        Files.write(directory.resolve("desired.log"), log);
        assertThat(DesiredStore.open(directory).present()).isEqualTo(store.present());
    }

    @Test
    void aRemovedVmIsRememberedUntilItIsGone() throws Exception {
        var store = filled();
        store.save(removal(11, new ObjectRef(ObjectKind.VM, id("vm"))));
        store.save(delta(12, vm("two", 12, PowerState.STOPPED)));
        assertThat(DesiredStore.open(directory).present().removedVms()).containsExactly(id("vm"));
        store.forget(id("vm"));
        assertThat(DesiredStore.open(directory).present().removedVms()).isEmpty();
        // A full state afterwards does not bring it back.
        assertThat(store.save(full(13, network(3))).removedVms()).isEmpty();
    }

    @Test
    void aRemovalThatEndsWhileTheNextChangeArrivesStaysForgotten() throws Exception {
        var store = filled();
        var removed = store.save(removal(11, new ObjectRef(ObjectKind.VM, id("vm"))));
        assertThat(removed.removedVms()).isNotEmpty();
        store.forget(id("vm"));
        assertThat(store.save(delta(12, network(12))).removedVms()).isEmpty();
    }

    @Test
    void refusesDeltasThatStartElsewhere() throws Exception {
        var present = filled().present();
        assertThat(present.with(delta(11, change(4, 11, List.of("10.0.0.9"), List.of()))))
                .isEmpty();
        assertThat(present.with(delta(9))).isEmpty();
        assertThat(Desired.NOTHING.with(delta(9))).isEmpty();
    }

    @Test
    void isReadableByItsOwnerAlone() throws Exception {
        filled();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("desired.json"))))
                .isEqualTo("rw-------");
    }
}
