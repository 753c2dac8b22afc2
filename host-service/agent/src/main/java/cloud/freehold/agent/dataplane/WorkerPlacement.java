package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.dataplane.DataplaneLink.PortStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the dataplane's workers follow the vCPUs that they serve.
 *
 * <p>Theory of operation: a packet costs least when the vCPU that sends it and the worker that carries it share a cache. So
 * in each round the traffic of each NIC since the round before is given to the groups of cores where its VM's vCPUs run, and
 * a worker belongs to the group from which most of its traffic comes. It is moved only when another group has had more than twice
 * as much for {@link #PATIENCE} rounds in a row: moving costs the warm cache, and vCPUs wander. In the group it gets the core with the fewest
 * vCPUs.
 *
 * <p>Where nothing can be gained (one cache for all cores, or hardly more cores than workers) workers are left to the kernel.
 */
final class WorkerPlacement {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerPlacement.class);
    static final int PATIENCE = 3;
    private static final int LEAST_CORES = 4;
    private static final int BETTER = 2;
    /** Packets a round below which there is nothing to follow. */
    private static final long LEAST_TRAFFIC = 1_000;

    /** What is done about a worker. */
    private static final class Worker {
        OptionalInt core = OptionalInt.empty();
        int wish = -1;
        int rounds;
    }

    private final CacheGroups groups;
    private final IntFunction<List<Integer>> vcpuCores;
    private final Map<UUID, Long> packets = new HashMap<>();
    private final Map<Integer, Worker> workers = new HashMap<>();
    private long startedNs;

    /** @param vcpuCores from a process to the cores that its vCPUs run on */
    WorkerPlacement(CacheGroups groups, IntFunction<List<Integer>> vcpuCores) {
        this.groups = groups;
        this.vcpuCores = vcpuCores;
    }

    /** One round. */
    void place(DataplaneLink link, DataplaneLink.Info info, List<PortStatus> ports) throws DataplaneException {
        if (groups.groups().size() < 2 || groups.cores() < Math.max(LEAST_CORES, info.workers() + 2)) {
            return;
        }
        if (info.startedNs() != startedNs) {
            // Another process: its workers are nowhere yet, its counters are other ones.
            startedNs = info.startedNs();
            workers.clear();
            packets.clear();
        }
        var load = new HashMap<Integer, Integer>();
        var traffic = traffic(ports, load);
        for (var entry : traffic.entrySet()) {
            consider(link, entry.getKey(), entry.getValue(), load);
        }
    }

    /**
     * @param load gets the number of vCPUs on each core
     * @return packets of each worker by the group that they come from
     */
    private Map<Integer, long[]> traffic(List<PortStatus> ports, Map<Integer, Integer> load) {
        var byProcess = new HashMap<Integer, List<Integer>>();
        var traffic = new HashMap<Integer, long[]>();
        for (var port : ports) {
            long now = port.rxPackets() + port.txPackets();
            Long before = packets.put(port.nic(), now);
            if (port.frontEndPid() == 0) {
                continue;
            }
            var cores = byProcess.computeIfAbsent(port.frontEndPid(), pid -> vcpuCoresOf(pid, load));
            if (before == null || cores.isEmpty()) {
                continue;
            }
            for (int worker = 0; worker < Integer.SIZE; worker++) {
                if ((port.workers() >> worker & 1) == 1) {
                    var share = traffic.computeIfAbsent(
                            worker, w -> new long[groups.groups().size()]);
                    cores.forEach(core -> add(share, core, Math.max(0, now - before) / cores.size()));
                }
            }
        }
        packets.keySet().retainAll(ports.stream().map(PortStatus::nic).toList());
        return traffic;
    }

    private List<Integer> vcpuCoresOf(int pid, Map<Integer, Integer> load) {
        var cores = vcpuCores.apply(pid);
        cores.forEach(core -> load.merge(core, 1, Integer::sum));
        return cores;
    }

    private void add(long[] share, int core, long count) {
        int group = groups.groupOf(core);
        if (group >= 0) {
            share[group] += count;
        }
    }

    private void consider(DataplaneLink link, int number, long[] share, Map<Integer, Integer> load)
            throws DataplaneException {
        var worker = workers.computeIfAbsent(number, n -> new Worker());
        int best = 0;
        for (int group = 1; group < share.length; group++) {
            best = share[group] > share[best] ? group : best;
        }
        int here = worker.core.isPresent() ? groups.groupOf(worker.core.getAsInt()) : -1;
        boolean better =
                best != here && share[best] >= LEAST_TRAFFIC && (here < 0 || share[best] > BETTER * share[here]);
        worker.rounds = better && worker.wish == best ? worker.rounds + 1 : better ? 1 : 0;
        worker.wish = better ? best : -1;
        if (worker.rounds < PATIENCE) {
            return;
        }
        workers.values().forEach(other -> other.core.ifPresent(core -> load.merge(core, 1, Integer::sum)));
        int core = groups.quietest(best, load);
        link.pinWorker(number, OptionalInt.of(core));
        LOG.info("Worker {} of the dataplane moves to core {}: most of its packets come from there.", number, core);
        worker.core = OptionalInt.of(core);
        worker.rounds = 0;
    }
}
