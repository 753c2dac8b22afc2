package cloud.freehold.agent.report;

import cloud.freehold.agent.dataplane.DataplaneListener;
import cloud.freehold.agent.dataplane.DropEvent;
import cloud.freehold.api.Problem;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.api.observed.ObservedNic;
import cloud.freehold.api.observed.ObservedVm;
import cloud.freehold.api.observed.RuleHits;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * What is, and which of it the portal does not know yet. Thread-safe.
 *
 * <p>What goes into a report counts as known, unless {@link #lost} says that it did not arrive.
 */
public final class Observations implements DataplaneListener {
    /** @param pressing somebody waits for it: send at once */
    public interface Listener {
        void changed(boolean pressing);
    }

    private record Nic(long revision, Problem problem, NicCounters counters) {}

    private final Supplier<Map<UUID, ?>> desiredNics;
    private final Listener listener;
    private final Map<UUID, ObservedVm> vms = new HashMap<>();
    private final Map<UUID, Nic> nics = new HashMap<>();
    private final Map<UUID, RuleHits> hits = new HashMap<>();
    private final DropTally drops = new DropTally();
    private Set<UUID> newVms = new HashSet<>();
    private Set<UUID> newNics = new HashSet<>();
    private Set<UUID> newHits = new HashSet<>();
    private UUID appliedEpoch;
    private long appliedRevision;
    private Instant appliedAt;
    private String dataplaneVersion;
    private Problem dataplaneProblem;
    private boolean vmsKnown;

    /** @param desiredNics those of others that the dataplane may still have are not reported */
    public Observations(Supplier<Map<UUID, ?>> desiredNics, Listener listener) {
        this.desiredNics = desiredNics;
        this.listener = listener;
    }

    @Override
    public void applied(UUID epoch, long revision, Instant enforcedAt, Map<UUID, NicApplied> applied) {
        synchronized (this) {
            appliedEpoch = epoch;
            appliedRevision = revision;
            appliedAt = enforcedAt;
            nics.keySet().retainAll(applied.keySet());
            applied.forEach(this::applied);
        }
        listener.changed(true);
    }

    private void applied(UUID id, NicApplied applied) {
        var before = nics.get(id);
        nics.put(id, new Nic(applied.revision(), applied.problem(), before == null ? null : before.counters()));
        // A NIC without problem moves along with the host's revision: no word about each of a thousand.
        if (before == null || applied.problem() != null || before.problem() != null) {
            newNics.add(id);
        }
    }

    @Override
    public void ports(List<NicCounters> ports) {
        synchronized (this) {
            for (var port : ports) {
                var nic = nics.get(port.nic());
                if (nic != null && !port.equals(nic.counters())) {
                    nics.put(port.nic(), new Nic(nic.revision(), nic.problem(), port));
                    newNics.add(port.nic());
                }
            }
            if (newNics.isEmpty()) {
                return;
            }
        }
        listener.changed(false);
    }

    @Override
    public void ruleHits(List<RuleHits> cumulative) {
        synchronized (this) {
            for (var hit : cumulative) {
                if (!hit.equals(hits.put(hit.ruleId(), hit))) {
                    newHits.add(hit.ruleId());
                }
            }
            if (newHits.isEmpty()) {
                return;
            }
        }
        listener.changed(false);
    }

    @Override
    public void drops(List<DropEvent> dropped) {
        synchronized (this) {
            dropped.forEach(drops::add);
        }
        listener.changed(false);
    }

    @Override
    public void dataplane(String version, Problem problem) {
        synchronized (this) {
            if (Objects.equals(version, dataplaneVersion) && Objects.equals(problem, dataplaneProblem)) {
                return;
            }
            dataplaneVersion = version;
            dataplaneProblem = problem;
        }
        listener.changed(true);
    }

    public void vm(ObservedVm vm) {
        synchronized (this) {
            if (vm.equals(vms.put(vm.id(), vm))) {
                return;
            }
            newVms.add(vm.id());
        }
        listener.changed(true);
    }

    /** The VM is gone and the portal knows it. */
    public synchronized void forgetVm(UUID vm) {
        vms.remove(vm);
        newVms.remove(vm);
    }

    /** From now on a complete report may say that a VM which it does not list is not there. */
    public synchronized void vmsKnown() {
        vmsKnown = true;
    }

    public synchronized String dataplaneVersion() {
        return dataplaneVersion;
    }

    public synchronized Problem dataplaneProblem() {
        return dataplaneProblem;
    }

    public synchronized long appliedRevision() {
        return appliedRevision;
    }

    public synchronized List<ObservedVm> vms() {
        return List.copyOf(vms.values());
    }

    /** Everything, or what is new; without facts, sequence and time, which the reporter adds. */
    synchronized HostReport next(boolean everything) {
        boolean complete = everything && vmsKnown;
        var someVms = complete ? vms.keySet() : newVms;
        var someNics = complete ? nics.keySet() : newNics;
        var someHits = complete ? hits.keySet() : newHits;
        var report = new HostReport(
                null,
                0,
                null,
                complete,
                appliedEpoch,
                appliedRevision,
                appliedAt,
                null,
                someVms.stream().map(vms::get).filter(Objects::nonNull).toList(),
                someNics.stream()
                        .filter(desiredNics.get()::containsKey)
                        .filter(nics::containsKey)
                        .map(id -> observed(id, nics.get(id)))
                        .toList(),
                someHits.stream().map(hits::get).toList(),
                drops.take(desiredNics.get()::containsKey));
        newVms = new HashSet<>();
        newNics = new HashSet<>();
        newHits = new HashSet<>();
        return report;
    }

    private static ObservedNic observed(UUID id, Nic nic) {
        var counters = nic.counters();
        return counters == null
                ? new ObservedNic(id, nic.revision(), ObservedNic.Link.DOWN, 0, 0, 0, 0, 0, 0, nic.problem())
                : new ObservedNic(
                        id,
                        nic.revision(),
                        link(counters),
                        counters.rxPackets(),
                        counters.rxBytes(),
                        counters.txPackets(),
                        counters.txBytes(),
                        counters.drops().values().stream()
                                .mapToLong(Long::longValue)
                                .sum(),
                        counters.connections(),
                        nic.problem(),
                        counters.drops(),
                        counters.traffic(),
                        counters.flowsLost());
    }

    private static ObservedNic.Link link(NicCounters counters) {
        if (counters.up()) {
            return ObservedNic.Link.UP;
        }
        return counters.connected() ? ObservedNic.Link.CONNECTED : ObservedNic.Link.DOWN;
    }

    /** The report did not arrive: what it held is news again. */
    synchronized void lost(HostReport report) {
        report.vms().forEach(vm -> newVms.add(vm.id()));
        report.nics().forEach(nic -> newNics.add(nic.id()));
        report.ruleHits().forEach(hit -> newHits.add(hit.ruleId()));
        drops.giveBack(report.drops());
    }
}
