package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.api.backup.Transfer;
import java.util.ArrayDeque;
import java.util.Deque;

/** Says how a copy is getting on: a share of the order's percents, and the rate over the last seconds. */
final class Copying implements StoreProcess.Listener {
    private static final long WINDOW_NANOS = 10_000_000_000L;

    private record Mark(long at, long done) {}

    private final Order order;
    private final String step;
    private final int fromPercent;
    private final int toPercent;
    private final Deque<Mark> marks = new ArrayDeque<>();

    Copying(Order order, String step, int fromPercent, int toPercent) {
        this.order = order;
        this.step = step;
        this.fromPercent = fromPercent;
        this.toPercent = toPercent;
    }

    @Override
    public synchronized void progress(StoreProcess.Progress now) {
        at(System.nanoTime(), now.done(), now.total());
    }

    void at(long nanos, long done, long total) {
        marks.addLast(new Mark(nanos, done));
        while (marks.size() > 2 && nanos - marks.peekFirst().at() > WINDOW_NANOS) {
            marks.removeFirst();
        }
        var first = marks.peekFirst();
        long rate = nanos == first.at() ? 0 : (long) ((done - first.done()) * 1e9 / (nanos - first.at()));
        int percent = total <= 0 ? fromPercent : fromPercent + (int) ((toPercent - fromPercent) * done / total);
        order.progress(Math.min(percent, toPercent), step, new Transfer(done, total, Math.max(0, rate)));
    }
}
