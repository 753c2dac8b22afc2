package cloud.freehold.agent.moment;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import tools.jackson.core.JacksonException;

/** One try at a level, of all VMs together. Each way answers why it did not come about; null: it did. */
final class Attempt {
    private final Hypervisor hypervisor;
    private final HeldGuests held;
    private final Clock clock;
    private final List<WatchedVm> vms;
    private final Moments.Transaction transaction;
    private final Map<UUID, Long> freezeMillis = new LinkedHashMap<>();
    /** Those that could not be let go at once. */
    private final Set<UUID> stuck = new HashSet<>();

    private Instant at;
    private boolean searched;

    Attempt(
            Hypervisor hypervisor,
            HeldGuests held,
            Clock clock,
            List<Subject> subjects,
            Moments.Transaction transaction) {
        this.hypervisor = hypervisor;
        this.held = held;
        this.clock = clock;
        this.vms = subjects.stream().map(WatchedVm::new).toList();
        this.transaction = transaction;
    }

    /** Whether the transaction was carried out. */
    boolean happened() {
        return at != null;
    }

    private void see() throws HypervisorException {
        for (var vm : vms) {
            vm.see();
        }
    }

    private void transact() throws HypervisorException, IOException {
        at = clock.instant();
        long began = System.nanoTime();
        transaction.run();
        long nanos = System.nanoTime() - began;
        for (var vm : vms) {
            vm.wasHeld(nanos);
            vm.compare();
        }
    }

    String frozen(Duration limit) throws HypervisorException, IOException {
        var freezes = new LinkedHashMap<WatchedVm, GuestFreeze>();
        boolean stayedFrozen = true;
        see();
        try {
            var failure = freeze(freezes, limit);
            if (failure != null) {
                return failure;
            }
            see();
            transact();
        } finally {
            for (var freeze : freezes.entrySet()) {
                stayedFrozen &= freeze.getValue().thaw();
                long millis = freeze.getValue().millis();
                freezeMillis.put(freeze.getKey().id(), millis);
                freeze.getKey().wasHeld(Duration.ofMillis(millis).toNanos());
            }
        }
        if (!stayedFrozen) {
            return "The guest did not stay frozen until the point was taken, or longer than it may be.";
        }
        return wroteDuring() ? "The guest wrote although its filesystems were frozen." : null;
    }

    private String freeze(Map<WatchedVm, GuestFreeze> freezes, Duration limit) throws HypervisorException, IOException {
        try {
            for (var vm : vms) {
                freezes.put(vm, GuestFreeze.freeze(hypervisor, held, vm.id(), limit));
            }
            return null;
        } catch (HypervisorException e) {
            return reason(e);
        }
    }

    private boolean wroteDuring() {
        return vms.stream().flatMap(vm -> vm.disks().stream()).anyMatch(disk -> disk.writesDuring() != 0);
    }

    private static String reason(HypervisorException e) throws HypervisorException {
        return switch (e.kind()) {
            case NO_AGENT -> "No guest agent answers in the VM.";
            case AGENT_SILENT, TIMED_OUT -> "The guest agent did not freeze the filesystems in time.";
            case REFUSED -> "The guest agent could not freeze the filesystems.";
            default -> throw e;
        };
    }

    String atBarrier(Order order) throws HypervisorException, IOException, OrderFailure, InterruptedException {
        searched = true;
        if (!vms.stream().allMatch(WatchedVm::runs)) {
            return "The VM is paused, and whether its guest had flushed what it wrote is not known.";
        }
        return held(() -> {
            if (!new BarrierSearch(vms, this::letGo, order).find(this::transact)) {
                return "No moment was found at which no write had come since the last completed FLUSH (the VM was stopped "
                        + stops() + " times for it).";
            }
            return wroteDuring() ? "A write came although the guest's processors were stopped." : null;
        });
    }

    private int stops() {
        return vms.stream().mapToInt(WatchedVm::stops).max().orElse(0);
    }

    private interface Held {
        String run() throws HypervisorException, IOException, OrderFailure, InterruptedException;
    }

    /** Written down once for all stops: the disk that this is written to may take longer than a barrier lasts. */
    private String held(Held what) throws HypervisorException, IOException, OrderFailure, InterruptedException {
        var running = vms.stream().filter(WatchedVm::runs).toList();
        for (var vm : running) {
            held.note(vm.id(), HeldGuests.How.STOPPED);
        }
        try {
            return what.run();
        } finally {
            for (var vm : running) {
                if (!stuck.contains(vm.id())) {
                    held.strike(vm.id(), HeldGuests.How.STOPPED);
                }
            }
        }
    }

    String asItIs() throws HypervisorException, IOException, OrderFailure, InterruptedException {
        if (vms.size() == 1) {
            see();
            transact();
            return null;
        }
        return held(() -> {
            transactWhileStopped();
            return null;
        });
    }

    private void transactWhileStopped() throws HypervisorException, IOException {
        try {
            for (var vm : vms) {
                vm.stop();
            }
            see();
            transact();
        } finally {
            vms.forEach(this::letGo);
        }
    }

    private void letGo(WatchedVm stopped) {
        try {
            stopped.go();
        } catch (HypervisorException e) {
            stuck.add(stopped.id());
            held.letGo(stopped.id(), HeldGuests.How.STOPPED);
        }
    }

    Map<UUID, Certificate> certificates(Consistency achieved, String reason) throws HypervisorException {
        var certificates = new LinkedHashMap<UUID, Certificate>();
        for (var vm : vms) {
            certificates.put(
                    vm.id(),
                    new Certificate(
                            achieved,
                            at,
                            freezeMillis.get(vm.id()),
                            Duration.ofNanos(vm.longestStallNanos()).toMillis(),
                            searched ? vm.stops() : 0,
                            vm.disks(),
                            vm.qemuVersion(),
                            guestAgent(vm.id()),
                            reason));
        }
        return certificates;
    }

    /** Null: none answers, or nothing that looks like a version. */
    private String guestAgent(UUID vm) {
        try {
            var version = Json.MAPPER
                    .readTree(hypervisor.askAgent(vm, "{\"execute\":\"guest-info\"}"))
                    .path("return")
                    .path("version")
                    .asString("");
            return version.matches("[0-9A-Za-z.+~:_-]{1,40}") ? version : null;
        } catch (HypervisorException | JacksonException e) {
            return null;
        }
    }
}
