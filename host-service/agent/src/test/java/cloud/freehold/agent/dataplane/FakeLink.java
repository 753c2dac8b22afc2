package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.Objects;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.observed.RuleHits;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;

/** A dataplane in memory that checks generations as the real one does. Guarded by itself. */
final class FakeLink implements DataplaneLink.Opener {
    final Map<ObjectRef, Long> objects = new HashMap<>();
    final List<DataplaneLink.Transaction> commits = new ArrayList<>();
    final Set<ObjectRef> poisonous = new HashSet<>();
    private UUID markEpoch = new UUID(0, 0);
    private long markRevision;
    private long startedNs = 1;
    private boolean up = true;
    private int connection;
    private boolean answerLost;
    private Set<String> devices = Set.of("eth1");

    synchronized void mark(long revision) {
        markEpoch = Objects.EPOCH;
        markRevision = revision;
    }

    /** Comes back with nothing, started with these. */
    synchronized void restart(String... uplinks) {
        devices = Set.of(uplinks);
        restart();
    }

    /** Comes back with nothing. */
    synchronized void restart() {
        objects.clear();
        markRevision = 0;
        startedNs++;
        connection++;
    }

    synchronized void up(boolean now) {
        up = now;
        connection++;
    }

    /** The next commit happens, and nobody hears of it. */
    synchronized void loseAnswer() {
        answerLost = true;
    }

    @Override
    public synchronized DataplaneLink open() throws DataplaneException {
        if (!up) {
            throw new DataplaneException.Unavailable("down");
        }
        int mine = connection;
        return new DataplaneLink() {
            private void check() throws DataplaneException {
                if (mine != connection) {
                    throw new DataplaneException.Unavailable("the connection broke");
                }
            }

            @Override
            public Info info() throws DataplaneException {
                synchronized (FakeLink.this) {
                    check();
                    return new Info(1, startedNs, markEpoch, markRevision, "fake", 1);
                }
            }

            @Override
            public Instant commit(Transaction transaction, Duration deadline) throws DataplaneException {
                synchronized (FakeLink.this) {
                    check();
                    apply(transaction);
                    if (answerLost) {
                        answerLost = false;
                        throw new DataplaneException.Unavailable("no answer in time");
                    }
                    return Instant.EPOCH;
                }
            }

            @Override
            public Set<String> uplinkDevices() {
                synchronized (FakeLink.this) {
                    return devices;
                }
            }

            @Override
            public List<PortStatus> ports() {
                return List.of();
            }

            @Override
            public List<RuleHits> ruleHits(long counterEpoch) {
                return List.of();
            }

            @Override
            public void pinWorker(int worker, OptionalInt core) {}

            @Override
            public void close() {}
        };
    }

    private void apply(DataplaneLink.Transaction transaction) throws DataplaneException {
        var next = transaction.replaceAll() ? new HashMap<ObjectRef, Long>() : new HashMap<>(objects);
        for (var change : transaction.changes()) {
            if (poisonous.contains(change.object())) {
                throw new DataplaneException.Refused(change.object(), false, "it is poisonous");
            }
            if (change instanceof Change.ChangeMembers members
                    && !Long.valueOf(members.base()).equals(next.get(change.object()))) {
                throw new DataplaneException.Refused(change.object(), true, "another base");
            }
            if (change instanceof Change.Remove) {
                next.remove(change.object());
            } else {
                next.put(change.object(), change.revision());
            }
        }
        objects.clear();
        objects.putAll(next);
        commits.add(transaction);
        markEpoch = transaction.epoch();
        markRevision = transaction.revision();
    }
}
