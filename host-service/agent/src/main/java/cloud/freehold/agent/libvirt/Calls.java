package cloud.freehold.agent.libvirt;

import static cloud.freehold.agent.libvirt.HypervisorException.Kind.REFUSED;
import static cloud.freehold.agent.libvirt.HypervisorException.Kind.TIMED_OUT;
import static cloud.freehold.agent.libvirt.HypervisorException.Kind.UNAVAILABLE;

import cloud.freehold.agent.common.Threads;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs libvirt calls with deadlines.
 *
 * <p>Theory of operation: libvirt has no time-outs, so each call runs in a worker thread and the caller waits only so
 * long. A call that overstays keeps its thread until libvirt lets go; as long as it does, further calls of its kind for
 * that VM fail at once, so at most five threads hang for a VM. libvirtd handles only a few calls of one connection
 * at a time: a connection with an overstayed call is given up, and the next call opens another.
 */
final class Calls implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Calls.class);
    private static final Duration OPEN = Duration.ofSeconds(10);

    interface Call<T> {
        T on(Session session) throws HypervisorException;
    }

    private enum Kind {
        /** Reads what libvirt knows without asking QEMU. */
        LOOK,
        ACT,
        /** Must go through while another one hangs. */
        URGENT,
        /** Waits for the guest. */
        GUEST,
        MONITOR
    }

    private record Lane(UUID vm, Kind kind) {}

    /** Connections are made before anybody listens, and live on. */
    private final class Events implements Hypervisor.Listener {
        @Override
        public void changed(UUID vm) {
            tell(to -> to.changed(vm));
        }

        @Override
        public void rebooted(UUID vm) {
            tell(to -> to.rebooted(vm));
        }

        @Override
        public void connected(String version) {
            tell(to -> to.connected(version));
        }

        @Override
        public void disconnected() {
            tell(Hypervisor.Listener::disconnected);
        }

        private void tell(Consumer<Hypervisor.Listener> what) {
            var present = listener;
            if (present != null) {
                what.accept(present);
            }
        }
    }

    private final LibvirtLibrary library;
    private final String uri;
    private final ExecutorService workers = Threads.pool("libvirt");
    private final Set<Lane> hanging = ConcurrentHashMap.newKeySet();
    private final Hypervisor.Listener events = new Events();
    private volatile Hypervisor.Listener listener;
    private Session session;
    private CompletableFuture<Session> opening;

    Calls(LibvirtLibrary library, String uri) {
        this.library = library;
        this.uri = uri;
    }

    /** Tells it of the connection that there is, too. */
    void listen(Hypervisor.Listener newListener) {
        Session present;
        synchronized (this) {
            listener = newListener;
            present = session;
        }
        if (present != null) {
            workers.execute(() -> connected(present));
        }
    }

    private void connected(Session present) {
        if (present.enter()) {
            try {
                events.connected(present.version());
            } finally {
                present.leave();
            }
        }
    }

    <T> T look(UUID vm, String what, Duration deadline, Call<T> call) throws HypervisorException {
        return call(new Lane(vm, Kind.LOOK), what, deadline, call);
    }

    <T> T call(UUID vm, String what, Duration deadline, Call<T> call) throws HypervisorException {
        return call(new Lane(vm, Kind.ACT), what, deadline, call);
    }

    <T> T urgent(UUID vm, String what, Duration deadline, Call<T> call) throws HypervisorException {
        return call(new Lane(vm, Kind.URGENT), what, deadline, call);
    }

    <T> T guest(UUID vm, String what, Duration deadline, Call<T> call) throws HypervisorException {
        return call(new Lane(vm, Kind.GUEST), what, deadline, call);
    }

    <T> T monitor(UUID vm, String what, Duration deadline, Call<T> call) throws HypervisorException {
        return call(new Lane(vm, Kind.MONITOR), what, deadline, call);
    }

    private <T> T call(Lane lane, String what, Duration deadline, Call<T> call) throws HypervisorException {
        if (lane.vm() != null && hanging.contains(lane)) {
            throw new HypervisorException(TIMED_OUT, "an earlier call for VM " + lane.vm() + " has not come back yet");
        }
        var used = session();
        var result = new CompletableFuture<T>();
        workers.execute(() -> run(used, call, result));
        try {
            return result.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.warn("libvirt did not {} {} within {}.", what, lane.vm() == null ? "" : lane.vm(), deadline);
            if (lane.vm() != null) {
                hanging.add(lane);
                result.whenComplete((value, error) -> hanging.remove(lane));
            }
            used.giveUp();
            throw new HypervisorException(
                    TIMED_OUT, "libvirt did not " + what + " within " + deadline.toSeconds() + " s");
        } catch (ExecutionException e) {
            throw asHypervisorException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HypervisorException(UNAVAILABLE, "the agent is shutting down");
        }
    }

    private <T> void run(Session used, Call<T> call, CompletableFuture<T> result) {
        if (!used.enter()) {
            result.completeExceptionally(new HypervisorException(UNAVAILABLE, "the connection to libvirt was lost"));
            return;
        }
        try {
            result.complete(call.on(used));
        } catch (HypervisorException e) {
            // libvirt says the same kind of error for a refusal and for a broken connection.
            if (e.kind() == REFUSED && !used.isAlive()) {
                used.giveUp();
                result.completeExceptionally(new HypervisorException(UNAVAILABLE, e.getMessage()));
            } else {
                result.completeExceptionally(e);
            }
        } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
        } finally {
            used.leave();
        }
    }

    private static HypervisorException asHypervisorException(Throwable cause) {
        if (cause instanceof HypervisorException known) {
            return known;
        }
        LOG.error("A libvirt call failed by an error of the agent's own.", cause);
        return new HypervisorException(REFUSED, "internal error: " + cause);
    }

    /** The present connection, or a new one; only one is being opened at a time, however long that takes. */
    private Session session() throws HypervisorException {
        CompletableFuture<Session> pending;
        synchronized (this) {
            if (session != null && !session.isGivenUp()) {
                return session;
            }
            if (opening == null) {
                opening = open();
            }
            pending = opening;
        }
        try {
            return pending.get(OPEN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new HypervisorException(UNAVAILABLE, "libvirt does not take connections at " + uri);
        } catch (ExecutionException e) {
            throw asHypervisorException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HypervisorException(UNAVAILABLE, "the agent is shutting down");
        }
    }

    private CompletableFuture<Session> open() {
        var future = new CompletableFuture<Session>();
        workers.execute(() -> {
            try {
                var opened = Session.open(library, uri, events);
                synchronized (this) {
                    session = opened;
                    opening = null;
                }
                future.complete(opened);
                connected(opened);
            } catch (HypervisorException | RuntimeException e) {
                synchronized (this) {
                    opening = null;
                }
                future.completeExceptionally(e);
            }
        });
        return future;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (session != null) {
                session.giveUp();
            }
        }
        workers.shutdown();
    }
}
