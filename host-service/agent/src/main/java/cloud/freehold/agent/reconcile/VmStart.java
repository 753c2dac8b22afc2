package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.storage.Arrivals;
import cloud.freehold.agent.storage.StorageException;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.observed.ObservedVm.State;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts one VM: memory first, then the dataplane's side of its NICs (QEMU would wait for it), then QEMU. */
final class VmStart {
    private static final Logger LOG = LoggerFactory.getLogger(VmStart.class);
    private static final Duration PORTS = Duration.ofSeconds(10);

    private final UUID vm;
    private final Host host;
    private final DomainFactory domains;
    private final VmReport report;

    VmStart(UUID vm, Host host, DomainFactory domains, VmReport report) {
        this.vm = vm;
        this.host = host;
        this.domains = domains;
        this.report = report;
    }

    /**
     * @return false: something of the host's is missing, which the report says; to be tried again
     * @throws StorageException a restore has not brought all of the VM's data, and what lacks cannot be read
     */
    boolean start(DesiredVm desired) throws HypervisorException, StorageException, InterruptedException, IOException {
        var use = host.diskUse().take(vm, "it is being started", () -> {});
        if (use.isEmpty()) {
            var why = host.diskUse().wanted(vm).orElse("its volumes are in use");
            report.say(
                    State.STOPPED,
                    report.problem(ProblemCode.WRONG_STATE, "The VM starts by itself, but has to wait: " + why + "."));
            return false;
        }
        try (var inUse = use.get()) {
            return startFreely(desired);
        }
    }

    private boolean startFreely(DesiredVm desired)
            throws HypervisorException, StorageException, InterruptedException, IOException {
        if (!host.memory().take(vm, desired.memoryMib())) {
            report.say(
                    State.STOPPED,
                    report.problem(
                            ProblemCode.HOST_CAPACITY,
                            "The host has not enough memory left for this VM. Stop another VM, choose a smaller flavor,"
                                    + " or let the provider move it."));
            return false;
        }
        report.say(State.STARTING, null);
        if (!host.ports().await(domains.incarnations(vm), PORTS)) {
            host.memory().release(vm);
            report.say(
                    State.STARTING,
                    report.problem(
                            ProblemCode.DATAPLANE_UNAVAILABLE,
                            "The VM starts as soon as the host's dataplane has its network interfaces."));
            return false;
        }
        var spec = domains.spec(desired, host.files().continuation(vm).wanted());
        host.hypervisor().define(spec);
        try {
            host.hypervisor().start(vm);
        } catch (HypervisorException e) {
            cleanUpAfter(e);
            boolean isOver =
                    e.kind() == HypervisorException.Kind.REFUSED || e.kind() == HypervisorException.Kind.TIMED_OUT;
            if (spec.continueFrom().isPresent() && isOver) {
                // Each later start would end the same way.
                host.files().continuation(vm).failed();
            }
            if (e.kind() == HypervisorException.Kind.REFUSED) {
                new Arrivals(host.files(), host.config().qemuUser()).check(desired, e);
            }
            throw e;
        }
        if (spec.continueFrom().isPresent()) {
            host.files().continuation(vm).done();
        }
        report.forgetGuest();
        LOG.info(
                "VM {} started ({}), run {}.",
                vm,
                spec.kvm() ? "KVM" : "TCG",
                spec.mark().run());
        report.say(State.RUNNING, null, new Domain(vm, DomainState.RUNNING, spec.mark()), desired.revision());
        return true;
    }

    /** A start that overstayed may have left a QEMU behind that waits for the dataplane. */
    private void cleanUpAfter(HypervisorException failure) {
        host.memory().release(vm);
        if (failure.kind() != HypervisorException.Kind.TIMED_OUT) {
            return;
        }
        try {
            host.hypervisor().destroy(vm);
        } catch (HypervisorException e) {
            LOG.warn("VM {}: what its start left behind could not be ended: {}", vm, e.getMessage());
        }
    }
}
