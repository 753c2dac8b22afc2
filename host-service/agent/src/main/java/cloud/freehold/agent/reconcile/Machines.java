package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.dataplane.Dataplane;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.moment.HeldGuests;
import cloud.freehold.agent.report.Observations;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.agent.storage.VmFiles;
import cloud.freehold.api.observed.ObservedVm;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All machines of this host: those that are desired, those that are to go, and those found under libvirt or on disk that
 * nobody desires any more.
 */
public final class Machines implements Hypervisor.Listener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Machines.class);
    private static final Duration RESYNC = Duration.ofSeconds(10);
    private static final Duration PURGE = Duration.ofHours(1);
    /** VMs that are looked at or started at once: enough that some may hang, few enough for a host that boots them all. */
    private static final int WORKERS = 32;

    interface Timer {
        void after(Duration pause, Runnable task);
    }

    private final Host host;
    private final Consumer<UUID> onRemoved;
    private final Map<UUID, Machine> machines = new ConcurrentHashMap<>();
    private final Map<UUID, Runnable> rebootWatchers = new ConcurrentHashMap<>();
    private final ExecutorService workers = Threads.pool("machine", WORKERS);
    private final ScheduledExecutorService timer = Threads.timer("machine-timer");
    private final GuestWatch guests;
    private volatile String hypervisorVersion;
    private Desired seen = Desired.NOTHING;

    /** @param onRemoved told when nothing is left of a VM that was to be removed */
    public Machines(
            AgentConfig config,
            Supplier<Desired> desired,
            Hypervisor hypervisor,
            Dataplane dataplane,
            VmFiles files,
            DiskUse diskUse,
            HeldGuests held,
            AcceleratorChoice accelerator,
            Observations observations,
            long memoryMib,
            Consumer<UUID> onRemoved,
            Clock clock)
            throws IOException {
        this.onRemoved = onRemoved;
        this.host = new Host(
                config,
                desired,
                hypervisor,
                Host.Ports.of(dataplane),
                files,
                diskUse,
                held,
                new MemoryLedger(memoryMib),
                new PowerMemory(config.stateDir().resolve("power")),
                accelerator,
                observations,
                this::after,
                workers,
                clock);
        this.guests = new GuestWatch(host, machines);
    }

    /** For the orders about VMs' power. */
    public List<CommandHandler<?>> handlers() {
        return List.of(new Reboot(this), new ForceOff(this));
    }

    private void after(Duration pause, Runnable task) {
        timer.schedule(task, pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Looks at everything there is, then follows changes. */
    public void start() {
        host.hypervisor().listen(this);
        workers.execute(this::resyncSafely);
        timer.scheduleWithFixedDelay(
                () -> workers.execute(this::resyncSafely), RESYNC.toMillis(), RESYNC.toMillis(), TimeUnit.MILLISECONDS);
        timer.scheduleWithFixedDelay(() -> workers.execute(this::purge), 0, PURGE.toMillis(), TimeUnit.MILLISECONDS);
        guests.start();
    }

    /** The desired state changed: looks at the VMs that it changed for. */
    public synchronized void wanted(Desired now) {
        var affected = new HashSet<UUID>(now.removedVms());
        now.vms().forEach((id, vm) -> {
            if (!vm.equals(seen.vms().get(id)) || !now.nicsOf(id).equals(seen.nicsOf(id))) {
                affected.add(id);
            }
        });
        seen.vms().keySet().stream().filter(id -> !now.vms().containsKey(id)).forEach(affected::add);
        seen = now;
        affected.forEach(id -> machine(id).kick());
    }

    /** What has to be the same for a VM's memory to be put back; null: there is no such VM. */
    public String shape(UUID id) {
        var vm = host.desired().get().vms().get(id);
        return vm == null ? null : new DomainFactory(host).shape(vm);
    }

    /** Something about the VM changed that neither the portal nor libvirt tells of. */
    public void kick(UUID id) {
        machine(id).kick();
    }

    Machine machine(UUID id) {
        return machines.computeIfAbsent(id, vm -> new Machine(vm, host));
    }

    private void resyncSafely() {
        try {
            resync();
        } catch (HypervisorException e) {
            // Each machine says it of itself; without libvirt there is nothing to compare with.
            machines.values().forEach(Machine::kick);
        } catch (IOException | RuntimeException e) {
            LOG.error("VMs could not be compared with what is desired.", e);
        }
    }

    /** Finds what events did not tell: lost ones, and what happened while the agent or libvirtd was away. */
    private void resync() throws HypervisorException, IOException {
        var desired = host.desired().get();
        if (desired.epoch() == null) {
            return;
        }
        var domains = host.hypervisor().domains();
        var present = new HashSet<UUID>();
        for (var domain : domains) {
            present.add(domain.vm());
            host.files().boundConsole(domain.vm());
            var machine = machine(domain.vm());
            if (isNews(machine.observed(), domain)) {
                machine.kick();
            }
        }
        var others = new HashSet<UUID>(host.files().vms());
        others.addAll(desired.vms().keySet());
        others.addAll(desired.removedVms());
        others.removeAll(present);
        for (var id : others) {
            var machine = machine(id);
            var observed = machine.observed();
            if (observed == null
                    || observed.instance() != null
                    || !desired.vms().containsKey(id)) {
                machine.kick();
            }
        }
        boolean allLookedAt = Set.copyOf(desired.vms().keySet()).stream()
                .allMatch(id -> machine(id).observed() != null);
        if (allLookedAt) {
            host.observations().vmsKnown();
        } else {
            after(Duration.ofMillis(200), () -> workers.execute(this::resyncSafely));
        }
    }

    private static boolean isNews(ObservedVm observed, Hypervisor.Domain domain) {
        if (observed == null) {
            return true;
        }
        var run = domain.state().isOff() ? null : domain.mark().run().toString();
        return !Objects.equals(run, observed.instance())
                || domain.state() != cloud.freehold.agent.libvirt.DomainState.RUNNING;
    }

    private void purge() {
        try {
            host.files().purge();
        } catch (IOException | RuntimeException e) {
            LOG.warn("Disks that were set aside could not be deleted: {}", e.getMessage());
        }
    }

    /** The portal knows that it is gone: so may we forget it. */
    public void deletionReported(List<ObservedVm> reported) {
        for (var vm : reported) {
            if (vm.state() == ObservedVm.State.DELETED) {
                onRemoved.accept(vm.id());
                machines.remove(vm.id());
                host.observations().forgetVm(vm.id());
            }
        }
    }

    @Override
    public void changed(UUID vm) {
        var machine = machines.get(vm);
        if (machine != null) {
            machine.kick();
            guests.askSoon(vm);
        }
    }

    @Override
    public void rebooted(UUID vm) {
        var watcher = rebootWatchers.get(vm);
        if (watcher != null) {
            watcher.run();
        }
    }

    /** @param watcher null: nobody any more */
    void watchReboot(UUID vm, Runnable watcher) {
        if (watcher == null) {
            rebootWatchers.remove(vm);
        } else {
            rebootWatchers.put(vm, watcher);
        }
    }

    @Override
    public void connected(String version) {
        hypervisorVersion = version;
        workers.execute(this::resyncSafely);
    }

    @Override
    public void disconnected() {
        hypervisorVersion = null;
    }

    /** Null while libvirt does not answer. */
    public String hypervisorVersion() {
        return hypervisorVersion;
    }

    Host host() {
        return host;
    }

    @Override
    public void close() {
        timer.shutdownNow();
        workers.shutdownNow();
    }
}
