package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.libvirt.DomainSpec;
import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.VmNics.Plugged;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.PowerState;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plugs and unplugs NICs of a running VM as they come and go. One that was removed has no network from then on; its device is there until the guest
 * lets it go.
 */
final class NicPlugs {
    private static final Logger LOG = LoggerFactory.getLogger(NicPlugs.class);
    private static final Duration ASK_AGAIN = Duration.ofSeconds(10);
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration TRY_AGAIN = Duration.ofMinutes(1);

    /** When a guest was asked to let a NIC go. */
    private record Asked(Instant first, Instant last) {}

    private final Host host;
    private final DomainFactory domains;
    /** Of the VM's present run, by MAC. */
    private final Map<String, Asked> leaving = new HashMap<>();

    private final Map<String, Instant> refused = new HashMap<>();
    private UUID run;

    NicPlugs(Host host, DomainFactory domains) {
        this.host = host;
        this.domains = domains;
    }

    PlugState look(DesiredVm vm, Domain domain) throws HypervisorException, InterruptedException {
        if (domain.state() != DomainState.RUNNING || vm.power() != PowerState.RUNNING) {
            return PlugState.APPLIED;
        }
        if (!domain.mark().run().equals(run)) {
            run = domain.mark().run();
            leaving.clear();
            refused.clear();
        }
        var plugged = host.hypervisor().nics().plugged(vm.id());
        var spec = domains.spec(vm);
        var wanted = spec.nics().stream().map(DomainSpec.Nic::mac).collect(Collectors.toSet());
        var obsolete =
                plugged.stream().filter(one -> !wanted.contains(one.mac())).toList();
        leaving.keySet().retainAll(obsolete.stream().map(Plugged::mac).toList());
        var state = PlugState.APPLIED;
        for (var nic : obsolete) {
            state = state.and(unplug(vm, nic));
        }
        for (var nic : spec.nics()) {
            if (plugged.stream().noneMatch(one -> one.mac().equals(nic.mac()))) {
                state = state.and(plug(vm, spec, nic, obsolete));
            }
        }
        return state;
    }

    private PlugState plug(DesiredVm vm, DomainSpec spec, DomainSpec.Nic nic, List<Plugged> obsolete)
            throws HypervisorException, InterruptedException {
        if (!obsolete.isEmpty() || !host.ports().await(domains.incarnations(vm.id()), Duration.ZERO)) {
            return PlugState.ON_ITS_WAY;
        }
        if (crashes(spec, nic) || wasJustRefused(nic)) {
            return atNextStart();
        }
        long began = System.nanoTime();
        try {
            host.hypervisor().nics().plug(spec, nic);
        } catch (HypervisorException e) {
            if (e.kind() != HypervisorException.Kind.REFUSED) {
                throw e;
            }
            LOG.warn("VM {}: NIC {} cannot be plugged: {}", vm.id(), nic.mac(), e.getMessage());
            refused.put(nic.mac(), host.clock().instant());
            return atNextStart();
        }
        LOG.info(
                "VM {}: NIC {} was plugged in {} ms.",
                vm.id(),
                nic.mac(),
                Duration.ofNanos(System.nanoTime() - began).toMillis());
        return PlugState.APPLIED;
    }

    private boolean wasJustRefused(DomainSpec.Nic nic) {
        var when = refused.get(nic.mac());
        return when != null && when.plus(TRY_AGAIN).isAfter(host.clock().instant());
    }

    /** Emulated, a NIC of several queues whose guest uses message-signalled interrupts ends QEMU; libvirt turns them on for it. */
    private static boolean crashes(DomainSpec spec, DomainSpec.Nic nic) {
        return !spec.kvm() && nic.queuePairs() > 1 && spec.directBoot().isEmpty();
    }

    private PlugState atNextStart() {
        return problem(
                ProblemCode.WRONG_STATE,
                "A NIC could not be plugged into the running VM; it has it from its next start on. Restart the VM when it suits you.");
    }

    private PlugState unplug(DesiredVm vm, Plugged nic) throws HypervisorException {
        var now = host.clock().instant();
        var asked = leaving.get(nic.mac());
        if (asked == null || asked.last().plus(ASK_AGAIN).isBefore(now)) {
            leaving.put(nic.mac(), new Asked(asked == null ? now : asked.first(), now));
            ask(vm, nic);
        }
        return asked != null && asked.first().plus(LONG).isBefore(now)
                ? problem(
                        ProblemCode.GUEST_UNRESPONSIVE,
                        "A NIC was removed and has no network any more, but the guest does not let go of its device. It goes with the VM's"
                                + " next restart at the latest.")
                : PlugState.ON_ITS_WAY;
    }

    private void ask(DesiredVm vm, Plugged nic) throws HypervisorException {
        try {
            host.hypervisor().nics().unplug(vm.id(), nic.alias());
            LOG.info("VM {}: NIC {} is being unplugged.", vm.id(), nic.mac());
        } catch (HypervisorException e) {
            // As when the guest has not answered what it was asked before.
            if (e.kind() != HypervisorException.Kind.REFUSED) {
                throw e;
            }
            LOG.debug("VM {}: NIC {} is not unplugged: {}", vm.id(), nic.mac(), e.getMessage());
        }
    }

    private PlugState problem(ProblemCode code, String message) {
        return new PlugState(false, new Problem(code, message, host.clock().instant()));
    }
}
