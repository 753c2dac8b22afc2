package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.common.Backoff;
import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.storage.StorageException;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.PowerState;
import cloud.freehold.api.observed.ObservedVm;
import cloud.freehold.api.observed.ObservedVm.GuestFacts;
import cloud.freehold.api.observed.ObservedVm.State;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one VM to what is desired of it.
 *
 * <p>Theory of operation: {@link #kick} makes a worker look, whoever calls it and however often; only one worker is in a
 * machine at a time. A look compares desired with actual and takes one step; it never waits for a guest, but says when to
 * look again. What a look remembers is only for pacing (when the guest was asked to shut down, how often it crashed); all
 * else is read anew from libvirt and the disk, so that a look after the agent's own death is like any other.
 */
final class Machine {
    private static final Logger LOG = LoggerFactory.getLogger(Machine.class);
    private static final Duration PORTS = Duration.ofSeconds(10);
    private static final Duration ASK_AGAIN = Duration.ofSeconds(20);
    private static final Duration STABLE = Duration.ofMinutes(10);
    private static final Duration SOON = Duration.ofSeconds(2);
    private static final Duration EVENTS_WILL_TELL = Duration.ZERO;

    private final UUID id;
    private final Host host;
    private final DomainFactory domains;
    private final Backoff retry = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(30), new Random());
    private final Backoff crashes = new Backoff(Duration.ofSeconds(2), Duration.ofMinutes(2), new Random());

    private boolean scheduled;
    private boolean again;

    private Instant shutdownAskedAt;
    private Instant shutdownAskedLast;
    private UUID shutdownAskedRun;
    private Instant crashedStartAt;
    private UUID crashedRun;
    private volatile GuestFacts guest;
    private volatile ObservedVm observed;

    Machine(UUID id, Host host) {
        this.id = id;
        this.host = host;
        this.domains = new DomainFactory(host);
    }

    UUID id() {
        return id;
    }

    /** Looks soon. */
    void kick() {
        synchronized (this) {
            again = true;
            if (scheduled) {
                return;
            }
            scheduled = true;
        }
        host.workers().execute(this::work);
    }

    private void work() {
        while (true) {
            synchronized (this) {
                if (!again) {
                    scheduled = false;
                    return;
                }
                again = false;
            }
            var next = lookSafely();
            if (!next.isZero()) {
                host.timer().after(next, this::kick);
            }
        }
    }

    private Duration lookSafely() {
        try {
            var next = look();
            retry.succeeded();
            return next;
        } catch (HypervisorException e) {
            if (observed == null && e.kind() == HypervisorException.Kind.UNAVAILABLE) {
                // What it is cannot be known yet; saying anything would be a guess.
                return retry.failed();
            }
            return failed(HypervisorProblems.of(e, host.clock().instant()), e);
        } catch (StorageException e) {
            return failed(new Problem(e.code(), e.forTenant(), host.clock().instant()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return EVENTS_WILL_TELL;
        } catch (IOException | RuntimeException e) {
            return failed(problem(ProblemCode.INTERNAL, "The host has a problem of its own with this VM."), e);
        }
    }

    private Duration failed(Problem problem, Exception e) {
        if (retry.failures() == 0) {
            LOG.warn("VM {}: {}", id, e.getMessage(), e instanceof RuntimeException ? e : null);
        }
        var before = observed;
        var state = before == null ? State.STOPPED : before.state();
        publish(state, problem);
        return retry.failed();
    }

    private Duration look() throws HypervisorException, StorageException, InterruptedException, IOException {
        var desired = host.desired().get();
        var vm = desired.vms().get(id);
        var domain = host.hypervisor().find(id);
        account(domain);
        if (vm == null) {
            remove(domain, desired.removedVms().contains(id));
            return EVENTS_WILL_TELL;
        }
        if (!host.files().arePrepared(vm)
                && (domain.isEmpty() || domain.get().state().isOff())) {
            publish(State.CREATING, null, null, 0);
            host.files().prepare(vm);
        }
        var state = domain.map(Domain::state).orElse(null);
        noteEndOfShutdown(vm, domain.orElse(null));
        var step = PowerPolicy.step(
                vm.power(),
                vm.revision(),
                state,
                askedToShutDown(domain),
                host.power().leftOffAtRevision(id));
        return switch (step) {
            case NOTHING -> settled(vm, domain.orElse(null), null);
            case START -> start(vm);
            case START_AFTER_CRASH -> startAfterCrash(vm, domain.orElseThrow());
            case LEAVE_OFF -> leaveOff(vm, domain.orElse(null));
            case ASK_TO_SHUT_DOWN -> shutDown(vm, domain.orElseThrow());
            case WAIT -> settled(vm, domain.orElse(null), SOON);
            case RESUME -> resume(vm, domain.orElseThrow());
        };
    }

    private void account(Optional<Domain> domain) {
        if (domain.isPresent() && !domain.get().state().isOff()) {
            host.memory().runs(id, domain.get().mark().memoryMib());
        } else {
            host.memory().release(id);
        }
    }

    private boolean askedToShutDown(Optional<Domain> domain) {
        return domain.isPresent() && domain.get().mark().run().equals(shutdownAskedRun);
    }

    /** A guest that followed our request is off by itself in libvirt's eyes, too. */
    private void noteEndOfShutdown(DesiredVm vm, Domain domain) throws IOException {
        if (vm.power() == PowerState.STOPPED && domain != null && domain.state().isOff()) {
            shutdownAskedAt = null;
            rememberOff(vm);
        }
    }

    /** So that a newer revision with RUNNING in it starts the VM, whatever libvirt says about why it is off. */
    private void rememberOff(DesiredVm vm) throws IOException {
        if (host.power().leftOffAtRevision(id) != vm.revision()) {
            host.power().leftOff(id, vm.revision());
        }
    }

    /** @param again when to look next without an event; null: no need */
    private Duration settled(DesiredVm vm, Domain domain, Duration again) throws IOException {
        if (domain == null || domain.state().isOff()) {
            guest = null;
            publish(State.STOPPED, null, null, vm.revision());
        } else {
            if (vm.power() == PowerState.RUNNING) {
                shutdownAskedAt = null;
                if (!domain.mark().run().equals(shutdownAskedRun)) {
                    host.power().forget(id);
                }
            }
            forgetCrashes(domain);
            publish(running(domain.state()), null, domain, domains.appliedRevision(vm, domain.mark()));
        }
        return again == null ? EVENTS_WILL_TELL : again;
    }

    private static State running(DomainState state) {
        return switch (state) {
            case PAUSED, PAUSED_ON_ERROR -> State.PAUSED;
            case SHUTTING_DOWN -> State.STOPPING;
            default -> State.RUNNING;
        };
    }

    private void forgetCrashes(Domain domain) {
        if (domain.mark().startedAt().plus(STABLE).isBefore(host.clock().instant())) {
            crashes.succeeded();
        }
    }

    private Duration start(DesiredVm vm) throws HypervisorException, InterruptedException, IOException {
        if (!host.memory().take(id, vm.memoryMib())) {
            publish(
                    State.STOPPED,
                    problem(
                            ProblemCode.HOST_CAPACITY,
                            "The host has not enough memory left for this VM. Stop another VM, choose a smaller flavor,"
                                    + " or let the provider move it."));
            return retry.failed();
        }
        publish(State.STARTING, null);
        if (!host.ports().await(domains.incarnations(id), PORTS)) {
            host.memory().release(id);
            publish(
                    State.STARTING,
                    problem(
                            ProblemCode.DATAPLANE_UNAVAILABLE,
                            "The VM starts as soon as the host's dataplane has its network interfaces."));
            return SOON;
        }
        var spec = domains.spec(vm);
        host.hypervisor().define(spec);
        try {
            host.hypervisor().start(id);
        } catch (HypervisorException e) {
            // A start that overstayed may have left a QEMU behind that waits for the dataplane.
            cleanUpAfter(e);
            throw e;
        }
        shutdownAskedAt = null;
        guest = null;
        LOG.info(
                "VM {} started ({}), run {}.",
                id,
                spec.kvm() ? "KVM" : "TCG",
                spec.mark().run());
        publish(State.RUNNING, null, new Domain(id, DomainState.RUNNING, spec.mark()), vm.revision());
        return EVENTS_WILL_TELL;
    }

    private void cleanUpAfter(HypervisorException failure) {
        host.memory().release(id);
        if (failure.kind() != HypervisorException.Kind.TIMED_OUT) {
            return;
        }
        try {
            host.hypervisor().destroy(id);
        } catch (HypervisorException e) {
            LOG.warn("VM {}: what its start left behind could not be ended: {}", id, e.getMessage());
        }
    }

    private Duration startAfterCrash(DesiredVm vm, Domain domain)
            throws HypervisorException, InterruptedException, IOException {
        var now = host.clock().instant();
        if (!domain.mark().run().equals(crashedRun)) {
            crashedRun = domain.mark().run();
            crashedStartAt = now.plus(crashes.failed());
            LOG.warn("VM {} crashed (run {}); it is started again at {}.", id, crashedRun, crashedStartAt);
        }
        if (now.isBefore(crashedStartAt)) {
            publish(
                    State.CRASHED,
                    problem(
                            ProblemCode.GUEST_CRASHED,
                            "The guest crashed. The host starts it again; see its console for the reason."));
            return Duration.between(now, crashedStartAt).plusMillis(10);
        }
        return start(vm);
    }

    private Duration leaveOff(DesiredVm vm, Domain domain) throws IOException {
        rememberOff(vm);
        guest = null;
        publish(
                State.STOPPED,
                problem(ProblemCode.GUEST_CRASHED, "The guest shut itself down. Start the VM when it is wanted again."),
                domain,
                vm.revision());
        return EVENTS_WILL_TELL;
    }

    private Duration shutDown(DesiredVm vm, Domain domain) throws HypervisorException, IOException {
        var now = host.clock().instant();
        boolean first = shutdownAskedAt == null || !domain.mark().run().equals(shutdownAskedRun);
        if (first) {
            shutdownAskedAt = now;
            shutdownAskedRun = domain.mark().run();
            rememberOff(vm);
        }
        boolean tooLate = now.isAfter(shutdownAskedAt.plus(host.config().shutdownGrace()));
        publish(
                State.STOPPING,
                tooLate
                        ? problem(
                                ProblemCode.GUEST_UNRESPONSIVE,
                                "The guest did not shut down when it was asked to. Shut it down from inside, or force"
                                        + " it off.")
                        : null,
                domain,
                domains.appliedRevision(vm, domain.mark()));
        if (first || now.isAfter(shutdownAskedLast.plus(ASK_AGAIN))) {
            shutdownAskedLast = now;
            ask();
        }
        return SOON;
    }

    /** Through the agent, which is certain to arrive; by the power button where there is none. */
    private void ask() throws HypervisorException {
        try {
            host.hypervisor().shutdown(id, true);
        } catch (HypervisorException e) {
            if (e.kind() == HypervisorException.Kind.UNAVAILABLE || e.kind() == HypervisorException.Kind.GONE) {
                throw e;
            }
            host.hypervisor().shutdown(id, false);
        }
    }

    private Duration resume(DesiredVm vm, Domain domain) throws HypervisorException {
        publish(
                State.PAUSED,
                problem(
                        ProblemCode.HOST_CAPACITY,
                        "The VM is paused because the host could not write to its disk; it goes on when there is room."),
                domain,
                domains.appliedRevision(vm, domain.mark()));
        host.hypervisor().resume(id);
        return Duration.ofSeconds(15);
    }

    private void remove(Optional<Domain> domain, boolean withDisks)
            throws HypervisorException, StorageException, IOException {
        if (observed != null && observed.state() == State.DELETED && domain.isEmpty()) {
            return;
        }
        publish(State.DELETING, null, null, 0);
        if (domain.isPresent()) {
            if (!domain.get().state().isOff()) {
                host.hypervisor().destroy(id);
            }
            host.hypervisor().undefine(id);
        }
        if (withDisks) {
            host.files().delete(id);
        } else {
            host.files().setAside(id);
        }
        host.memory().release(id);
        host.power().forget(id);
        LOG.info("VM {} is gone{}.", id, withDisks ? " with its disks" : "");
        publish(State.DELETED, null, null, 0);
    }

    /** What the guest agent told; null: nothing. */
    void guest(UUID run, GuestFacts facts) {
        var before = observed;
        if (before != null && run.toString().equals(before.instance())) {
            guest = facts;
            kick();
        }
    }

    ObservedVm observed() {
        return observed;
    }

    private Problem problem(ProblemCode code, String message) {
        return new Problem(code, message, host.clock().instant());
    }

    /** With what is known of the run from before. */
    private void publish(State state, Problem problem) {
        var before = observed;
        tell(
                before == null
                        ? new ObservedVm(id, state, null, null, null, problem, 0)
                        : new ObservedVm(
                                id,
                                state,
                                before.instance(),
                                before.startedAt(),
                                before.guest(),
                                problem,
                                before.appliedRevision()));
    }

    private void publish(State state, Problem problem, Domain domain, long appliedRevision) {
        boolean runs = domain != null && !domain.state().isOff();
        tell(new ObservedVm(
                id,
                state,
                runs ? domain.mark().run().toString() : null,
                runs ? domain.mark().startedAt() : null,
                runs ? guest : null,
                problem,
                appliedRevision));
    }

    /** A problem that was there before keeps the time at which it was first seen. */
    private void tell(ObservedVm now) {
        var before = observed;
        var problem = now.problem();
        if (before != null
                && problem != null
                && before.problem() != null
                && before.problem().code() == problem.code()
                && before.problem().message().equals(problem.message())) {
            problem = before.problem();
        }
        observed = new ObservedVm(
                id, now.state(), now.instance(), now.startedAt(), now.guest(), problem, now.appliedRevision());
        host.observations().vm(observed);
    }
}
