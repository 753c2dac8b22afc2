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
import cloud.freehold.api.observed.ObservedVm.ObservedVolume;
import cloud.freehold.api.observed.ObservedVm.State;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one VM to what is desired of it.
 *
 * <p>Theory of operation: {@link #kick} makes a worker look, whoever calls it and however often; only one worker is in a
 * machine at a time ({@link Attention}). A look compares desired with actual and takes one step; it never waits for a
 * guest, but says when to look again. What a look remembers is only for pacing ({@link Shutdown}, {@link CrashPause}); all
 * else is read anew from libvirt and the disk, so that a look after the agent's own death is like any other.
 */
final class Machine {
    private static final Logger LOG = LoggerFactory.getLogger(Machine.class);
    private static final Duration SOON = Duration.ofSeconds(2);

    private final UUID id;
    private final Host host;
    private final DomainFactory domains;
    private final Attention attention;
    private final VmReport report;
    private final VmStart start;
    private final Shutdown shutdown;
    private final CrashPause crashPause;
    private final DiskPlugs disks;
    private final NicPlugs nics;
    private final Backoff retry = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(30), new Random());
    private boolean sawAlive;

    Machine(UUID id, Host host) {
        this.id = id;
        this.host = host;
        this.domains = new DomainFactory(host);
        this.attention = new Attention(host.workers(), host.timer(), this::lookSafely);
        this.report = new VmReport(id, host.observations(), this::volumes, host.clock());
        this.start = new VmStart(id, host, domains, report);
        this.shutdown = new Shutdown(id, host.hypervisor(), host.clock());
        this.crashPause = new CrashPause(id, host.clock());
        this.disks = new DiskPlugs(host, domains);
        this.nics = new NicPlugs(host, domains);
    }

    UUID id() {
        return id;
    }

    private List<ObservedVolume> volumes() {
        var desired = host.desired().get().vms().get(id);
        var there = new ArrayList<ObservedVolume>();
        if (desired != null) {
            for (var volume : desired.volumes()) {
                host.files().pool(id, volume.id()).ifPresent(pool -> there.add(new ObservedVolume(volume.id(), pool)));
            }
        }
        return there;
    }

    /** Null until it was looked at. */
    ObservedVm observed() {
        return report.last();
    }

    /** Looks soon. */
    void kick() {
        attention.kick();
    }

    /** What the guest agent told; null: nothing. */
    void guest(UUID run, GuestFacts facts) {
        if (report.heardFromGuest(run, facts)) {
            kick();
        }
    }

    private Duration lookSafely() {
        try {
            var next = look();
            retry.succeeded();
            return next;
        } catch (HypervisorException e) {
            if (observed() == null && e.kind() == HypervisorException.Kind.UNAVAILABLE) {
                // What it is cannot be known yet; saying anything would be a guess.
                return retry.failed();
            }
            return failed(HypervisorProblems.of(e, host.clock().instant()), e);
        } catch (StorageException e) {
            return failed(report.problem(e.code(), e.forTenant()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Attention.UNTIL_AN_EVENT;
        } catch (IOException | RuntimeException e) {
            return failed(report.problem(ProblemCode.INTERNAL, "The host has a problem of its own with this VM."), e);
        }
    }

    private Duration failed(Problem problem, Exception e) {
        if (retry.failures() == 0) {
            LOG.warn("VM {}: {}", id, e.getMessage(), e instanceof RuntimeException ? e : null);
        }
        report.say(observed() == null ? State.STOPPED : observed().state(), problem);
        return retry.failed();
    }

    private Duration look() throws HypervisorException, StorageException, InterruptedException, IOException {
        var desired = host.desired().get();
        var vm = desired.vms().get(id);
        var domain = host.hypervisor().find(id);
        account(domain);
        sawAlive |= domain.isPresent() && !domain.get().state().isOff();
        if (vm == null) {
            remove(domain, desired.removedVms().contains(id));
            return Attention.UNTIL_AN_EVENT;
        }
        if (!host.files().arePrepared(vm) && !prepare(vm, domain)) {
            return SOON;
        }
        noteEndOfShutdown(vm, domain.orElse(null));
        var step = PowerPolicy.step(
                vm.power(),
                vm.revision(),
                domain.map(Domain::state).orElse(null),
                sawAlive && !shutdown.wasAskedOf(domain),
                host.power().leftOffAtRevision(id));
        return switch (step) {
            case NOTHING -> settled(vm, domain.orElse(null), Attention.UNTIL_AN_EVENT);
            case START -> start(vm);
            case START_AFTER_CRASH -> startAfterCrash(vm, domain.orElseThrow());
            case LEAVE_OFF -> leaveOff(vm, domain.orElse(null));
            case ASK_TO_SHUT_DOWN -> shutDown(vm, domain.orElseThrow());
            case WAIT -> settled(vm, domain.orElse(null), SOON);
            case RESUME -> resume(vm, domain.orElseThrow());
        };
    }

    /**
     * Makes volumes that are missing, also of a VM that runs: they are plugged then.
     *
     * @return false: it cannot run yet, a restore brings the rest
     */
    private boolean prepare(DesiredVm vm, Optional<Domain> domain) throws StorageException {
        boolean off = domain.isEmpty() || domain.get().state().isOff();
        if (off) {
            report.sayWithoutRun(State.CREATING, 0);
        }
        host.files().prepare(vm);
        return !off || host.files().arePrepared(vm);
    }

    private void account(Optional<Domain> domain) {
        if (domain.isPresent() && !domain.get().state().isOff()) {
            host.memory().runs(id, domain.get().mark().memoryMib());
        } else {
            host.memory().release(id);
        }
    }

    /** A guest that followed our request is off by itself in libvirt's eyes, too. */
    private void noteEndOfShutdown(DesiredVm vm, Domain domain) throws IOException {
        if (vm.power() == PowerState.STOPPED && domain != null && domain.state().isOff()) {
            shutdown.isOver();
            rememberOff(vm);
        }
    }

    /** So that a newer revision with RUNNING in it starts the VM, whatever libvirt says about why it is off. */
    private void rememberOff(DesiredVm vm) throws IOException {
        if (host.power().leftOffAtRevision(id) != vm.revision()) {
            host.power().leftOff(id, vm.revision());
        }
    }

    private Duration settled(DesiredVm vm, Domain domain, Duration lookAgain)
            throws HypervisorException, IOException, InterruptedException {
        if (domain == null || domain.state().isOff()) {
            report.forgetGuest();
            report.sayWithoutRun(State.STOPPED, vm.revision());
            return lookAgain;
        }
        if (vm.power() == PowerState.RUNNING) {
            shutdown.isOver();
            if (!shutdown.wasAskedOf(domain)) {
                host.power().forget(id);
            }
        }
        crashPause.noteRunning(domain);
        noteContinued();
        var devices = disks.look(vm, domain).and(nics.look(vm, domain));
        report.say(
                running(domain.state()),
                devices.problem(),
                domain,
                domains.appliedRevision(vm, domain.mark(), devices.isApplied()));
        return devices.isApplied() ? lookAgain : SOON;
    }

    /** It may have been started by an agent that did not live to note that it went on from a snapshot. */
    private void noteContinued() throws HypervisorException, IOException {
        var continuation = host.files().continuation(id);
        if (continuation.wanted().isEmpty()) {
            return;
        }
        var use = host.diskUse().take(id, "it is being looked at", () -> {});
        if (use.isEmpty()) {
            return; // an order puts its disks back just now
        }
        try (var inUse = use.get()) {
            if (host.hypervisor().find(id).filter(now -> !now.state().isOff()).isPresent()) {
                continuation.done();
            }
        }
    }

    private State running(DomainState state) {
        return switch (state) {
            case PAUSED, PAUSED_ON_ERROR -> host.held().isHeld(id) ? State.RUNNING : State.PAUSED;
            case SHUTTING_DOWN -> State.STOPPING;
            default -> State.RUNNING;
        };
    }

    private Duration start(DesiredVm vm)
            throws HypervisorException, StorageException, InterruptedException, IOException {
        if (!start.start(vm)) {
            return SOON;
        }
        sawAlive = true;
        shutdown.isOver();
        return Attention.UNTIL_AN_EVENT;
    }

    private Duration startAfterCrash(DesiredVm vm, Domain domain)
            throws HypervisorException, StorageException, InterruptedException, IOException {
        var pause = crashPause.left(domain);
        if (pause.isZero()) {
            return start(vm);
        }
        report.say(
                State.CRASHED,
                report.problem(
                        ProblemCode.GUEST_CRASHED,
                        "The guest crashed. The host starts it again; see its console for the reason."));
        return pause.plusMillis(10);
    }

    private Duration leaveOff(DesiredVm vm, Domain domain) throws IOException {
        rememberOff(vm);
        report.forgetGuest();
        report.say(
                State.STOPPED,
                report.problem(
                        ProblemCode.GUEST_CRASHED, "The guest shut itself down. Start the VM when it is wanted again."),
                domain,
                vm.revision());
        return Attention.UNTIL_AN_EVENT;
    }

    private Duration shutDown(DesiredVm vm, Domain domain) throws HypervisorException, IOException {
        if (shutdown.begin(domain)) {
            rememberOff(vm);
        }
        var tooLate = report.problem(
                ProblemCode.GUEST_UNRESPONSIVE,
                "The guest did not shut down when it was asked to. Shut it down from inside, or force it off.");
        report.say(
                State.STOPPING,
                shutdown.isOlderThan(host.config().shutdownGrace()) ? tooLate : null,
                domain,
                domains.appliedRevision(vm, domain.mark(), true));
        shutdown.ask();
        return SOON;
    }

    private Duration resume(DesiredVm vm, Domain domain) throws HypervisorException {
        report.say(
                State.PAUSED,
                report.problem(
                        ProblemCode.HOST_CAPACITY,
                        "The VM is paused because the host could not write to its disk; it goes on when there is room."),
                domain,
                domains.appliedRevision(vm, domain.mark(), true));
        host.hypervisor().resume(id);
        return Duration.ofSeconds(15);
    }

    private void remove(Optional<Domain> domain, boolean withDisks)
            throws HypervisorException, StorageException, IOException {
        if (observed() != null && observed().state() == State.DELETED && domain.isEmpty()) {
            return;
        }
        report.sayWithoutRun(State.DELETING, 0);
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
        report.sayWithoutRun(State.DELETED, 0);
    }
}
