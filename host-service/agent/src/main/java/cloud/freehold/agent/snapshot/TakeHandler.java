package cloud.freehold.agent.snapshot;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.moment.StoppedVm;
import cloud.freehold.agent.moment.Subject;
import cloud.freehold.agent.storage.DiskUse;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandResult.SnapshotsTaken;
import cloud.freehold.api.command.HostCommand.TakeSnapshots;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.DesiredVolume;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes snapshots of one VM or of several at one moment: all of them or none. */
final class TakeHandler implements CommandHandler<TakeSnapshots> {
    private static final Logger LOG = LoggerFactory.getLogger(TakeHandler.class);
    private static final int MOST_A_VM = 16;
    private static final int MOST_VMS = 16;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(300);

    private final SnapshotHost host;
    private final StoppedDisks stopped;

    TakeHandler(SnapshotHost host) {
        this.host = host;
        this.stopped = new StoppedDisks(host.config());
    }

    @Override
    public Class<TakeSnapshots> type() {
        return TakeSnapshots.class;
    }

    @Override
    public Set<UUID> exclusive(TakeSnapshots command) {
        return command.targets().stream().map(TakeSnapshots.Target::vmId).collect(Collectors.toSet());
    }

    @Override
    public Outcome carryOut(TakeSnapshots command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        check(command);
        order.progress(5, "preparing");
        var targets = new ArrayList<Target>();
        try {
            for (var wanted : command.targets()) {
                targets.add(open(command, wanted, order));
            }
            if (command.withMemory() && !targets.get(0).isRunning()) {
                throw new OrderFailure(
                        ProblemCode.WRONG_STATE,
                        "The VM is off, so there is no memory to keep. Take a snapshot of its disks.");
            }
            return new Outcome("the snapshot is taken", take(command, targets, order));
        } finally {
            targets.forEach(Target::close);
        }
    }

    private void check(TakeSnapshots command) throws OrderFailure, IOException {
        int vms = exclusive(command).size();
        if (vms != command.targets().size() || vms > MOST_VMS || command.withMemory() && vms != 1) {
            throw new OrderFailure(
                    ProblemCode.WRONG_STATE,
                    "Choose 1 to " + MOST_VMS + " different VMs, or one for a snapshot with memory.");
        }
        for (var target : command.targets()) {
            // Its own is there when the order is repeated.
            long others = host.book().all(target.vmId()).stream()
                    .filter(entry -> !entry.snapshotId().equals(target.snapshotId()))
                    .count();
            if (others >= MOST_A_VM) {
                throw new OrderFailure(
                        ProblemCode.WRONG_STATE,
                        "A VM can have " + MOST_A_VM + " snapshots. Delete one of them, then repeat.");
            }
        }
    }

    private DesiredVm desired(UUID vm) throws OrderFailure {
        var desired = host.desired().get().vms().get(vm);
        if (desired == null) {
            throw new OrderFailure(ProblemCode.NOT_THERE, "The VM is not on this host any more.");
        }
        return desired;
    }

    private Target open(TakeSnapshots command, TakeSnapshots.Target wanted, Order order)
            throws OrderFailure, HypervisorException, InterruptedException {
        var vm = wanted.vmId();
        var volumes = desired(vm).volumes().stream()
                .sorted(Comparator.comparingInt(DesiredVolume::index))
                .map(DesiredVolume::id)
                .toList();
        var files =
                volumes.stream().map(volume -> host.files().volume(vm, volume)).toList();
        while (true) {
            order.check();
            if (host.isOn(vm)) {
                return Target.running(
                        host.files(),
                        vm,
                        wanted.snapshotId(),
                        volumes,
                        host.hypervisor().monitor(vm));
            }
            var use = host.keepOff(vm, "a snapshot of it is being taken");
            if (use.isPresent()) {
                var certificate = ofStopped(command, vm, use.get());
                return Target.off(vm, wanted.snapshotId(), volumes, files, use.get(), certificate);
            }
            order.pause(LOOK_AGAIN);
        }
    }

    private SnapshotsTaken take(TakeSnapshots command, List<Target> targets, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        // What a try left that an agent's death ended.
        removeAll(targets);
        for (var target : targets) {
            var known = host.book().all(target.vm).stream()
                    .map(SnapshotBook.Entry::name)
                    .collect(Collectors.toSet());
            target.removeUnknown(known, stopped);
        }
        var running = targets.stream().filter(Target::isRunning).toList();
        order.progress(30, "waiting for the right moment");
        try {
            var certificates = moment(command, running, order);
            for (var target : targets) {
                if (!target.isRunning()) {
                    target.takeStopped(stopped);
                }
            }
            return written(command, targets, certificates);
        } catch (OrderFailure | HypervisorException | IOException | InterruptedException e) {
            undo(targets);
            throw e;
        }
    }

    private Map<UUID, Certificate> moment(TakeSnapshots command, List<Target> running, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        if (running.isEmpty()) {
            return Map.of();
        }
        var subjects = new ArrayList<Subject>();
        for (var target : running) {
            subjects.add(target.subject());
        }
        if (command.withMemory()) {
            // Frozen file systems would be frozen again after each roll-back, and nobody would thaw them.
            return host.moments()
                    .take(
                            subjects,
                            Consistency.BARRIER,
                            Consistency.CRASH,
                            Duration.ZERO,
                            order,
                            running.get(0)::takeWithMemory,
                            () -> removeAll(running));
        }
        return host.moments()
                .take(
                        subjects,
                        command.wanted(),
                        command.acceptable(),
                        Duration.ofMillis(command.freezeLimitMillis()),
                        order,
                        () -> {
                            for (var target : running) {
                                target.take();
                            }
                        },
                        () -> removeAll(running));
    }

    private SnapshotsTaken written(TakeSnapshots command, List<Target> targets, Map<UUID, Certificate> certificates)
            throws OrderFailure, IOException {
        var taken = new ArrayList<SnapshotsTaken.Taken>();
        for (var target : targets) {
            long memory = command.withMemory() ? desired(target.vm).memoryMib() << 20 : 0;
            host.book()
                    .write(
                            target.vm,
                            new SnapshotBook.Entry(
                                    target.snapshot,
                                    target.volumes,
                                    memory,
                                    host.shape().apply(target.vm)));
            var certificate = certificates.getOrDefault(target.vm, target.ofStopped);
            taken.add(new SnapshotsTaken.Taken(target.snapshot, certificate, target.volumes, memory, null));
        }
        return new SnapshotsTaken(taken);
    }

    /** @param use ends when there is none */
    private Certificate ofStopped(TakeSnapshots command, UUID vm, DiskUse.Use use)
            throws OrderFailure, HypervisorException {
        try {
            return StoppedVm.certificate(
                    host.hypervisor().find(vm), command.wanted(), command.acceptable(), host.clock());
        } catch (OrderFailure | HypervisorException | RuntimeException e) {
            use.close();
            throw e;
        }
    }

    private void removeAll(List<Target> targets) throws HypervisorException, IOException {
        for (var target : targets) {
            target.remove(stopped);
        }
    }

    /** What it leaves, the VM's next snapshot removes. */
    private void undo(List<Target> targets) {
        for (var target : targets) {
            try {
                target.remove(stopped);
                host.book().strike(target.vm, target.snapshot);
            } catch (HypervisorException | IOException e) {
                LOG.warn(
                        "VM {}: a part of the snapshot {} may be left: {}", target.vm, target.snapshot, e.getMessage());
            }
        }
    }
}
