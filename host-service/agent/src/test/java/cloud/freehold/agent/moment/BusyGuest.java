package cloud.freehold.agent.moment;

import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.Monitor;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** A guest that never rests, seen through QEMU: whenever it is looked at while it runs, it has done some more requests. */
final class BusyGuest implements Monitor {
    private final Random random;
    private final String requests;
    private final int mostBetweenLooks;
    private int next;
    private long writes = 40;
    private long flushes = 7;
    private long flushNanos;
    boolean runs = true;
    boolean refusesToGoOn;
    /** Whether the last that completed was a FLUSH. */
    boolean atBarrier;

    /**
     * @param requests what it does again and again, W for a write and F for a FLUSH
     * @param mostBetweenLooks how many of them complete between two looks at it, the slower the looks, the more
     */
    BusyGuest(long seed, String requests, int mostBetweenLooks) {
        this.random = new Random(seed);
        this.requests = requests;
        this.mostBetweenLooks = mostBetweenLooks;
    }

    Subject subject() {
        return new Subject(new UUID(0, random.nextLong()), this, Map.of("disk0", "boot"), true);
    }

    private void work(int count) {
        for (int i = 0; i < count; i++) {
            atBarrier = requests.charAt(next++ % requests.length()) == 'F';
            writes += atBarrier ? 0 : 1;
            flushes += atBarrier ? 1 : 0;
            flushNanos += atBarrier ? 40_000_000 : 0;
        }
    }

    @Override
    public JsonNode ask(String command, Map<String, ?> arguments, Duration deadline) throws HypervisorException {
        switch (command) {
            case "stop" -> {
                // What was in flight completes first.
                work(random.nextInt(3));
                runs = false;
            }
            case "cont" -> {
                if (refusesToGoOn) {
                    throw new HypervisorException(HypervisorException.Kind.TIMED_OUT, "no answer");
                }
                runs = true;
            }
            case "query-blockstats" -> work(runs ? 1 + random.nextInt(mostBetweenLooks) : 0);
            default -> throw new IllegalArgumentException(command);
        }
        return answer();
    }

    private JsonNode answer() {
        return Json.MAPPER.readTree("""
                [{"qdev":"/machine/peripheral/disk0/virtio-backend",
                  "stats":{"wr_operations":%d,"flush_operations":%d,"flush_total_time_ns":%d,"idle_time_ns":0}}]""".formatted(writes, flushes, flushNanos));
    }

    @Override
    public void close() {}
}
