package cloud.freehold.agent.common;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Named daemon threads: the agent ends when its main thread does, whatever still hangs in a library. */
public final class Threads {
    private static final Logger LOG = LoggerFactory.getLogger(Threads.class);

    public static ThreadFactory named(String name) {
        var count = new AtomicInteger();
        return task -> {
            var thread = new Thread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            thread.setUncaughtExceptionHandler((t, e) -> LOG.error("{} died of an error of its own", t.getName(), e));
            return thread;
        };
    }

    public static Thread start(String name, Runnable task) {
        var thread = named(name).newThread(task);
        thread.start();
        return thread;
    }

    public static ExecutorService pool(String name) {
        return Executors.newCachedThreadPool(named(name));
    }

    /** At most so many at once; the rest waits in line. */
    public static ExecutorService pool(String name, int most) {
        return Executors.newFixedThreadPool(most, named(name));
    }

    public static ScheduledExecutorService timer(String name) {
        return Executors.newSingleThreadScheduledExecutor(named(name));
    }

    private Threads() {}
}
