package cloud.freehold.agent;

import cloud.freehold.agent.reconcile.AcceleratorChoice;
import cloud.freehold.agent.reconcile.Machines;
import cloud.freehold.agent.report.Observations;
import cloud.freehold.agent.storage.PoolWatch;
import cloud.freehold.agent.storage.VmFiles;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.observed.HostFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;

/** What this host is and what ails it. */
final class HostFactsSource {
    private static final long STORAGE_STEP = 64L << 20;
    private static final long MEMORY_RESERVE_MIB = 2048;
    private static final Duration CLOCKS_MAY_DIFFER = Duration.ofSeconds(2);

    private final AcceleratorChoice accelerator;
    private final VmFiles files;
    private final PoolWatch pools;
    private final AgentConfig config;
    private final Clock clock;
    private final String version;
    private Observations observations;
    private Machines machines;
    private DesiredPoller poller;
    private Instant hypervisorAwaySince;
    private Instant clockOffSince;

    HostFactsSource(AcceleratorChoice accelerator, VmFiles files, AgentConfig config, Clock clock) {
        this.accelerator = accelerator;
        this.files = files;
        this.pools = new PoolWatch(files.pools());
        this.config = config;
        this.clock = clock;
        var implementation = HostFactsSource.class.getPackage().getImplementationVersion();
        this.version = implementation == null ? "development" : implementation;
    }

    void parts(Observations allObservations, Machines allMachines, DesiredPoller thePoller) {
        observations = allObservations;
        machines = allMachines;
        poller = thePoller;
    }

    long memoryForVmsMib() throws IOException {
        return config.memoryMib().isPresent()
                ? config.memoryMib().get()
                : Math.max(512, hostMemoryMib() - MEMORY_RESERVE_MIB);
    }

    private static long hostMemoryMib() throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc/meminfo"))) {
            if (line.startsWith("MemTotal:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
            }
        }
        throw new IOException("/proc/meminfo has no MemTotal");
    }

    HostFacts present() {
        try {
            return new HostFacts(
                    version,
                    accelerator.name(),
                    machines.hypervisorVersion(),
                    observations.dataplaneVersion(),
                    Runtime.getRuntime().availableProcessors(),
                    memoryForVmsMib(),
                    files.freeBytes() / STORAGE_STEP * STORAGE_STEP,
                    files.totalBytes(),
                    problems(),
                    pools.present(),
                    config.tunnel().orElse(null));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private ArrayList<Problem> problems() {
        var problems = new ArrayList<Problem>();
        if (observations.dataplaneProblem() != null) {
            problems.add(observations.dataplaneProblem());
        }
        hypervisorAwaySince = since(machines.hypervisorVersion() == null, hypervisorAwaySince);
        if (hypervisorAwaySince != null) {
            problems.add(new Problem(
                    ProblemCode.HYPERVISOR_UNAVAILABLE,
                    "The host's hypervisor does not answer. Running VMs go on; starting and stopping them waits.",
                    hypervisorAwaySince));
        }
        clockOffSince = since(poller.clockDifference().abs().compareTo(CLOCKS_MAY_DIFFER) > 0, clockOffSince);
        if (clockOffSince != null) {
            problems.add(new Problem(
                    ProblemCode.INTERNAL,
                    "The host's clock differs from the portal's by more than " + CLOCKS_MAY_DIFFER.toSeconds()
                            + " s, so timed rules begin and end at the wrong time. Synchronise it (chrony, NTP).",
                    clockOffSince));
        }
        return problems;
    }

    private Instant since(boolean now, Instant before) {
        if (!now) {
            return null;
        }
        return before == null ? clock.instant() : before;
    }
}
