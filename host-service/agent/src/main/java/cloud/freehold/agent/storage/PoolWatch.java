package cloud.freehold.agent.storage;

import cloud.freehold.agent.common.Threads;
import cloud.freehold.api.observed.HostFacts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** How full the pools are. Each is asked by a thread of its own: one whose file system hangs holds up no report. */
public final class PoolWatch {
    private static final Duration PERIOD = Duration.ofSeconds(10);
    /** Small changes are no news. */
    private static final long STEP = 64L << 20;

    private final Pools pools;
    private final Map<String, HostFacts.Pool> known = new ConcurrentHashMap<>();

    public PoolWatch(Pools pools) {
        this.pools = pools;
        pools.all()
                .forEach((name, folder) -> Threads.timer("pool-" + name)
                        .scheduleWithFixedDelay(() -> look(name, folder), 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS));
    }

    private void look(String name, Path folder) {
        long free = Math.max(0, Pools.free(folder) - VmFiles.RESERVE_BYTES) / STEP * STEP;
        known.put(name, new HostFacts.Pool(name, name.equals(Pools.DEFAULT), free, Pools.total(folder)));
    }

    /** Those that have answered. */
    public List<HostFacts.Pool> present() {
        var present = new ArrayList<HostFacts.Pool>();
        for (var name : pools.all().keySet()) {
            var pool = known.get(name);
            if (pool != null) {
                present.add(pool);
            }
        }
        return present;
    }
}
