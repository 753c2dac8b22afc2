package cloud.freehold.agent.command;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;

/**
 * Who runs when: tasks that share something one after the other, and no more than so many at a time. A task that waits holds no thread; one
 * that shares something with an earlier one that waits does not overtake it.
 */
final class Lanes {
    private record Waiting(Set<UUID> exclusive, Runnable task) {}

    private final int most;
    private final Executor workers;
    private final List<Waiting> waiting = new ArrayList<>();
    private final Set<UUID> taken = new HashSet<>();
    private int running;

    Lanes(int most, Executor workers) {
        this.most = most;
        this.workers = workers;
    }

    /** @param exclusive empty: runs at once and is not counted */
    void submit(Set<UUID> exclusive, Runnable task) {
        if (exclusive.isEmpty()) {
            workers.execute(task);
            return;
        }
        synchronized (this) {
            waiting.add(new Waiting(Set.copyOf(exclusive), task));
        }
        startWhatMay();
    }

    private synchronized void startWhatMay() {
        var blocked = new HashSet<>(taken);
        for (var candidate : List.copyOf(waiting)) {
            if (running < most && candidate.exclusive().stream().noneMatch(blocked::contains)) {
                waiting.remove(candidate);
                taken.addAll(candidate.exclusive());
                running++;
                workers.execute(() -> run(candidate));
            }
            blocked.addAll(candidate.exclusive());
        }
    }

    private void run(Waiting started) {
        try {
            started.task().run();
        } finally {
            synchronized (this) {
                taken.removeAll(started.exclusive());
                running--;
            }
            startWhatMay();
        }
    }
}
