package cloud.freehold.agent.snapshot;

import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.Monitor;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** QEMU's snapshot commands that go on in the background, waited for. */
final class SnapshotJob {
    private static final String NAME = "freehold-snapshot";
    private static final long LOOK_NANOS = 5_000_000;

    /** @throws HypervisorException REFUSED with QEMU's words */
    static void run(Monitor monitor, String command, Map<String, ?> arguments, Duration deadline)
            throws HypervisorException {
        var all = new LinkedHashMap<String, Object>(arguments);
        all.put("job-id", NAME);
        // Of an agent that died while it waited.
        monitor.tidy("job-dismiss", Map.of("id", NAME));
        long end = System.nanoTime() + deadline.toNanos();
        monitor.ask(command, all, deadline);
        while (System.nanoTime() < end) {
            // While it writes a guest's memory, QEMU answers nothing else.
            for (var job : monitor.ask("query-jobs", null, left(end))) {
                if (job.path("id").asString("").equals(NAME)
                        && job.path("status").asString("").equals("concluded")) {
                    monitor.tidy("job-dismiss", Map.of("id", NAME));
                    if (job.has("error")) {
                        throw new HypervisorException(
                                HypervisorException.Kind.REFUSED,
                                command + ": " + job.path("error").asString(""));
                    }
                    return;
                }
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        throw new HypervisorException(HypervisorException.Kind.TIMED_OUT, command + " does not end");
    }

    private static Duration left(long end) {
        return Duration.ofNanos(Math.max(1, end - System.nanoTime()));
    }

    private SnapshotJob() {}
}
