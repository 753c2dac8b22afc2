package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.dataplane.DataplaneLink.Info;
import cloud.freehold.agent.dataplane.DataplaneLink.Transaction;
import cloud.freehold.agent.dataplane.DataplaneListener.NicApplied;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the dataplane as desired.
 *
 * <p>Theory of operation: one thread owns the connection. It is woken by {@link #want}, compares the newest desired state
 * with the one that it last committed, and commits the difference as one transaction; states that came in between are
 * skipped. When idle it asks the dataplane twice a second for the mark it left. Another mark or another start time means
 * a dataplane that was restarted: it gets everything. A dataplane that is further than the local cache (the agent was
 * killed before the cache was written) is left alone until the portal has told as much: going back could open what was
 * closed.
 */
public final class Dataplane implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Dataplane.class);
    private static final Duration IDLE = Duration.ofMillis(500);
    private static final Duration RETRY = Duration.ofMillis(200);
    private static final Duration COMMIT = Duration.ofSeconds(5);
    /** A new NIC on a busy host; what takes longer is hung. */
    private static final Duration COMMIT_PER_CHANGE = Duration.ofMillis(50);

    private final DataplaneLink.Opener opener;
    private final Plan plan;
    private final DataplaneListener listener;
    private final Clock clock;

    private final Object lock = new Object();
    private Desired wanted = Desired.NOTHING;
    private boolean woken;
    private Map<UUID, Long> portsInPlace = Map.of();
    private boolean open = true;

    private DataplaneLink link;
    /** The last state that was dealt with; null: the dataplane has to be told everything. */
    private Desired done;
    /** What the dataplane holds: {@code done} but for what it refused; null: not known in full. */
    private Desired actual;

    /** A commit whose answer did not come: it may have happened; null: none. */
    private Attempt attempted;

    private long startedNs;
    private Info found;
    /** That the dataplane was started with. */
    private Set<String> devices = Set.of();

    private Problem problem;
    private Thread thread;

    private record Attempt(Desired target, Quarantine quarantine) {}

    Dataplane(DataplaneLink.Opener opener, Path sockets, DataplaneListener listener, Clock clock) {
        this.opener = opener;
        this.plan = new Plan(sockets);
        this.listener = listener;
        this.clock = clock;
    }

    /** Loads the control library; fails at once when it is not the right one. */
    public static Dataplane start(
            String ctlLibrary,
            Path controlSocket,
            Path sockets,
            DataplaneListener listener,
            FlowCollector.Portal portal,
            Clock clock) {
        var library = CtlLibrary.load(ctlLibrary);
        DataplaneLink.Opener opener = () -> CtlLink.open(library, controlSocket.toString());
        new DataplaneMonitor(opener, listener, placement()).start();
        InsideLink.Opener inside = () -> CtlInside.open(library, controlSocket.toString());
        new DropCollector(inside, listener::drops, clock).start();
        new FlowCollector(inside, portal).start();
        return new Dataplane(opener, sockets, listener, clock).start();
    }

    private static WorkerPlacement placement() {
        var vcpus = new VcpuCores(Path.of("/proc"));
        try {
            return new WorkerPlacement(CacheGroups.read(Path.of("/sys/devices/system/cpu")), vcpus::of);
        } catch (IOException e) {
            throw new UncheckedIOException("The kernel does not tell its processors.", e);
        }
    }

    Dataplane start() {
        thread = Threads.start("dataplane", this::run);
        return this;
    }

    /** Makes it so, soon. Never blocks. */
    public void want(Desired desired) {
        synchronized (lock) {
            wanted = desired;
            woken = true;
            lock.notifyAll();
        }
    }

    /**
     * Waits until the dataplane has the ports of these NICs, which must be before QEMU offers them its sockets.
     *
     * @param nics with the incarnation that is meant
     */
    public boolean awaitPorts(Map<UUID, Long> nics, Duration atMost) throws InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        synchronized (lock) {
            while (!portsInPlace.entrySet().containsAll(nics.entrySet())) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return false;
                }
                lock.wait(left);
            }
            return true;
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            open = false;
            lock.notifyAll();
        }
        thread.interrupt();
    }

    private void run() {
        while (isOpen()) {
            Duration pause;
            try {
                pause = step() ? Duration.ZERO : IDLE;
            } catch (DataplaneException e) {
                lost(e);
                pause = RETRY;
            } catch (RuntimeException e) {
                LOG.error("The dataplane could not be brought up to date because of an error of the agent's own.", e);
                lost(new DataplaneException.Unavailable("internal error"));
                pause = IDLE;
            }
            sleep(pause);
        }
        disconnect();
    }

    private boolean isOpen() {
        synchronized (lock) {
            return open;
        }
    }

    private void sleep(Duration pause) {
        synchronized (lock) {
            try {
                if (!woken && open && !pause.isZero()) {
                    lock.wait(pause.toMillis());
                }
            } catch (InterruptedException e) {
                open = false;
            }
        }
    }

    /** @return whether something was committed */
    private boolean step() throws DataplaneException {
        Desired target;
        boolean news;
        synchronized (lock) {
            target = wanted;
            news = woken;
            woken = false;
        }
        if (link == null) {
            connect();
        } else if (!news) {
            look(link.info());
        }
        if (target.epoch() == null || target == done || isBehind(target)) {
            return false;
        }
        commit(target);
        return true;
    }

    private void connect() throws DataplaneException {
        link = opener.open();
        var info = link.info();
        devices = link.uplinkDevices();
        problem = null;
        look(info);
    }

    /** Forgets what was committed when the dataplane is no longer the one that it was committed to. */
    private void look(Info info) {
        boolean sameProcess = info.startedNs() == startedNs;
        boolean same = done != null && sameProcess && info.marks(done.epoch(), done.revision());
        var unanswered = attempted;
        attempted = null;
        if (!same && sameProcess && unanswered != null && happened(unanswered, info)) {
            applied(unanswered.target(), unanswered.quarantine(), clock.instant());
        } else if (!same) {
            done = null;
            actual = null;
        }
        startedNs = info.startedNs();
        found = info;
        if (problem == null) {
            listener.dataplane(info.version(), null);
        }
    }

    /** The mark is set by the very transaction, so it tells. Else a commit that always takes too long would go on for ever. */
    private static boolean happened(Attempt attempt, Info info) {
        return info.marks(attempt.target().epoch(), attempt.target().revision());
    }

    private boolean isBehind(Desired target) {
        boolean behind =
                done == null && target.epoch().equals(found.markEpoch()) && found.markRevision() > target.revision();
        if (behind && problem == null) {
            problem = problem("The host waits for the portal to tell the rules that its dataplane already has.");
            listener.dataplane(found.version(), problem);
        } else if (!behind) {
            problem = null;
        }
        return behind;
    }

    private void commit(Desired target) throws DataplaneException {
        var quarantine = new Quarantine();
        var changes = actual == null ? plan.whole(target) : plan.difference(actual, target);
        while (true) {
            try {
                var kept = changes.stream()
                        .filter(change -> !quarantine.holds(change.object()))
                        .toList();
                // With something refused, what is there of it must stay.
                boolean replaceAll = actual == null && quarantine.isEmpty();
                attempted = new Attempt(target, quarantine);
                var enforced = link.commit(
                        new Transaction(replaceAll, kept, target.epoch(), target.revision()),
                        COMMIT.plus(COMMIT_PER_CHANGE.multipliedBy(kept.size())));
                attempted = null;
                applied(target, quarantine, enforced == null ? clock.instant() : enforced);
                return;
            } catch (DataplaneException.Refused e) {
                attempted = null;
                changes = without(e, changes, quarantine, target);
            }
        }
    }

    /** What to try after a refusal. */
    private List<Change> without(
            DataplaneException.Refused refusal, List<Change> changes, Quarantine quarantine, Desired target)
            throws DataplaneException {
        if (refusal.stale()) {
            return changes.stream().map(change -> wholeSet(change, target)).toList();
        }
        var culprit = refusal.culprit().orElse(null);
        if (culprit == null || !quarantine.add(culprit, refusal.getMessage())) {
            throw new DataplaneException.Unavailable("it refused a change without naming an object that could be left"
                    + " out: " + refusal.getMessage());
        }
        LOG.warn("The dataplane refused {} {}: {}", culprit.kind(), culprit.id(), refusal.getMessage());
        return changes;
    }

    private static Change wholeSet(Change change, Desired target) {
        return change instanceof Change.ChangeMembers members
                ? new Change.PutSet(target.addressSets().get(members.ref()))
                : change;
    }

    private void applied(Desired target, Quarantine quarantine, Instant enforced) {
        long before = actual == null ? 0 : actual.revision();
        if (quarantine.isEmpty()) {
            actual = target;
        } else if (actual != null) {
            actual = target.keeping(quarantine.objects(), actual);
        }
        done = target;
        var nics = new HashMap<UUID, NicApplied>();
        var ports = new HashMap<UUID, Long>();
        var missing = MissingUplinks.of(target, devices);
        for (var nic : target.nics().values()) {
            var reason = quarantine.reason(nic, target);
            if (reason == null) {
                ports.put(nic.id(), nic.incarnation());
                nics.put(nic.id(), new NicApplied(target.revision(), outOfReach(missing.reason(nic))));
            } else {
                nics.put(nic.id(), new NicApplied(before, refused(reason)));
            }
        }
        synchronized (lock) {
            portsInPlace = Map.copyOf(ports);
            lock.notifyAll();
        }
        listener.applied(target.epoch(), target.revision(), enforced, nics);
    }

    private Problem refused(String reason) {
        return new Problem(
                ProblemCode.DATAPLANE_REFUSED,
                "The host could not apply the network settings of this interface: " + reason + ".",
                clock.instant());
    }

    private Problem outOfReach(String reason) {
        return reason == null ? null : new Problem(ProblemCode.UPLINK_MISSING, reason, clock.instant());
    }

    private void lost(DataplaneException e) {
        disconnect();
        if (problem == null) {
            LOG.warn("The dataplane does not answer: {}", e.getMessage());
            problem = problem("The host's dataplane does not answer. Running connections are not affected while it"
                    + " restarts; changes wait.");
        }
        listener.dataplane(null, problem);
    }

    private Problem problem(String message) {
        return new Problem(ProblemCode.DATAPLANE_UNAVAILABLE, message, clock.instant());
    }

    private void disconnect() {
        if (link != null) {
            link.close();
            link = null;
        }
    }
}
