package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.observed.ObservedVm;
import cloud.freehold.api.observed.ObservedVm.GuestDisk;
import cloud.freehold.api.observed.ObservedVm.GuestFacts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Asks guest agents what their guests are called and which addresses they have: soon after something happened, then now
 * and then. In threads of its own, so that no guest's silence keeps a VM from being started or stopped. Answers come from
 * inside guests: they are bounded and checked.
 */
final class GuestWatch {
    private static final Logger LOG = LoggerFactory.getLogger(GuestWatch.class);
    private static final Duration PERIOD = Duration.ofSeconds(3);
    private static final long KNOWN_ASK_EVERY = 10;
    /** How long a guest takes to use or forget an interface, or longer. */
    private static final Duration SETTLING = Duration.ofSeconds(30);

    private static final Duration DISKS_EVERY = Duration.ofMinutes(5);
    private static final int THREADS = 2;
    private static final int LONGEST_NAME = 120;
    private static final int MOST_ADDRESSES = 64;

    private final Host host;
    private final Map<UUID, Machine> machines;
    private final ScheduledExecutorService timer = Threads.timer("guest-watch");
    private final ExecutorService askers = Threads.pool("guest-agent", THREADS);
    private final Map<UUID, Boolean> asking = new ConcurrentHashMap<>();
    private final Map<UUID, Disks> disks = new ConcurrentHashMap<>();
    private final Map<UUID, Nics> nics = new ConcurrentHashMap<>();
    private long round;

    private record Nics(Set<UUID> ids, Instant since) {}

    private record Disks(UUID run, List<DesiredVolume> volumes, Instant at, List<GuestDisk> disks) {}

    GuestWatch(Host host, Map<UUID, Machine> machines) {
        this.host = host;
        this.machines = machines;
    }

    void start() {
        timer.scheduleWithFixedDelay(this::round, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void round() {
        boolean all = round++ % KNOWN_ASK_EVERY == 0;
        disks.keySet().retainAll(machines.keySet());
        nics.keySet().retainAll(machines.keySet());
        machines.values().stream()
                .filter(machine -> isRunning(machine.observed()))
                .filter(machine -> all || machine.observed().guest() == null || hasOtherNics(machine.id()))
                .forEach(this::ask);
    }

    /** Than a moment ago: its addresses are about to change. */
    private boolean hasOtherNics(UUID vm) {
        var now = host.clock().instant();
        var ids = host.desired().get().nicsOf(vm).stream().map(DesiredNic::id).collect(Collectors.toSet());
        var known = nics.compute(
                vm, (id, before) -> before != null && before.ids().equals(ids) ? before : new Nics(ids, now));
        return known.since().plus(SETTLING).isAfter(now);
    }

    void askSoon(UUID vm) {
        var machine = machines.get(vm);
        if (machine != null && isRunning(machine.observed())) {
            ask(machine);
        }
    }

    private static boolean isRunning(ObservedVm vm) {
        return vm != null && vm.state() == ObservedVm.State.RUNNING && vm.instance() != null;
    }

    private void ask(Machine machine) {
        if (asking.putIfAbsent(machine.id(), true) == null) {
            askers.execute(() -> {
                try {
                    askNow(machine);
                } finally {
                    asking.remove(machine.id());
                }
            });
        }
    }

    private void askNow(Machine machine) {
        var observed = machine.observed();
        // A guest that is held for a moment answers nothing, or only that it is frozen.
        if (!isRunning(observed) || host.held().isHeld(machine.id())) {
            return;
        }
        var run = UUID.fromString(observed.instance());
        try {
            var facts = new GuestFacts(
                    name(answer(machine.id(), "guest-get-host-name").path("host-name")),
                    name(answer(machine.id(), "guest-get-osinfo").path("pretty-name")),
                    addresses(answer(machine.id(), "guest-network-get-interfaces")),
                    disks(machine.id(), run));
            if (!facts.equals(observed.guest()) && !host.held().isHeld(machine.id())) {
                machine.guest(run, facts);
            }
        } catch (HypervisorException e) {
            // No agent is normal: not installed, not started yet, or busy.
            LOG.debug("VM {}: {}", machine.id(), e.getMessage());
        }
    }

    /** Asked rarely: it takes many questions, and hardly changes. */
    private List<GuestDisk> disks(UUID vm, UUID run) throws HypervisorException {
        var desired = host.desired().get().vms().get(vm);
        if (desired == null) {
            return null;
        }
        var known = disks.get(vm);
        var now = host.clock().instant();
        if (known == null
                || !known.run().equals(run)
                || !known.volumes().equals(desired.volumes())
                || known.at().plus(DISKS_EVERY).isBefore(now)) {
            known = new Disks(
                    run, desired.volumes(), now, new GuestDisks(host.hypervisor(), vm).ask(desired.volumes()));
            disks.put(vm, known);
        }
        return known.disks();
    }

    /** Missing when the guest's agent does not know the question or answers nonsense. */
    private JsonNode answer(UUID vm, String command) throws HypervisorException {
        try {
            return Json.MAPPER
                    .readTree(host.hypervisor().askAgent(vm, "{\"execute\":\"" + command + "\"}"))
                    .path("return");
        } catch (HypervisorException e) {
            if (e.kind() == HypervisorException.Kind.REFUSED) {
                return Json.MAPPER.missingNode();
            }
            throw e;
        } catch (JacksonException e) {
            return Json.MAPPER.missingNode();
        }
    }

    private static String name(JsonNode node) {
        if (!node.isString()) {
            return null;
        }
        var printable = node.asString().replaceAll("\\p{Cntrl}", "").strip();
        return printable.isEmpty() ? null : printable.substring(0, Math.min(printable.length(), LONGEST_NAME));
    }

    private static List<String> addresses(JsonNode interfaces) {
        var found = new ArrayList<String>();
        for (var one : interfaces) {
            if (one.path("name").asString("").equals("lo")) {
                continue;
            }
            for (var address : one.path("ip-addresses")) {
                var text = address.path("ip-address").asString("");
                if (text.length() <= 45 && text.matches("[0-9a-fA-F:.]+") && found.size() < MOST_ADDRESSES) {
                    found.add(text);
                }
            }
        }
        return List.copyOf(found);
    }
}
