package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.PowerState;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.api.observed.ObservedVm;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The agent process with real libvirt, QEMU and dataplane; the portal is a fake that speaks the real protocol. */
@Tag("integration")
class AgentIntegrationTest {
    private static final Duration BOOT = Duration.ofSeconds(60);
    private static final Duration SOON = Duration.ofSeconds(20);
    private static Rig rig;
    private final Tenant tenant = new Tenant();
    private final UUID vm = UUID.randomUUID();
    private final UUID nic = UUID.randomUUID();
    private final UUID volume = UUID.randomUUID();

    @BeforeAll
    static void start() throws Exception {
        rig = new Rig();
    }

    @AfterAll
    static void stop() throws Exception {
        System.out.println(rig.agentLog());
        rig.close();
    }

    @Test
    void bootsAVmAndItsGuestGetsItsAddress() throws Exception {
        boot();
        var seen = awaitVm(observed -> observed.guest() != null && observed.guest().addresses().contains("10.1.0.10"), BOOT);
        assertThat(seen.state()).isEqualTo(ObservedVm.State.RUNNING);
        remove();
    }

    private void boot() throws Exception {
        var image = rig.guest.image();
        rig.portal.publish(revision -> List.of(
                tenant.network(revision),
                tenant.members(revision, "10.1.0.10"),
                tenant.group(revision, Tenant.tcp(80)),
                tenant.nic(nic, vm, revision, 10),
                tenant.vm(vm, revision, PowerState.RUNNING, image, volume)));
        awaitVm(observed -> observed.state() == ObservedVm.State.RUNNING, BOOT);
    }

    private void remove() {
        rig.portal.remove(new ObjectRef(ObjectKind.VM, vm), new ObjectRef(ObjectKind.NIC, nic));
        awaitVm(observed -> observed.state() == ObservedVm.State.DELETED, SOON);
    }

    private ObservedVm awaitVm(Predicate<ObservedVm> condition, Duration atMost) {
        Predicate<HostReport> says = report ->
                report.vms().stream().anyMatch(observed -> observed.id().equals(vm) && condition.test(observed));
        return rig.portal.awaitReport(says, atMost).vms().stream()
                .filter(observed -> observed.id().equals(vm))
                .findFirst()
                .orElseThrow();
    }
}
