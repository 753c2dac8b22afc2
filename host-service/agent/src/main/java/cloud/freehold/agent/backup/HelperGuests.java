package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.StoreRef;
import cloud.freehold.api.backup.VolumeRoot;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The helper guests that look into points. One is kept for a while after it was used, because whoever looks into a folder looks into the next one soon, and a guest
 * takes seconds to boot; it serves that volume of that point of that tenant, and no other.
 */
final class HelperGuests {
    private static final Logger LOG = LoggerFactory.getLogger(HelperGuests.class);
    private static final int MOST = 3;
    private static final long MEMORY_MIB = 192;
    private static final Duration IDLE = Duration.ofSeconds(90);
    private static final Duration SWEEP = Duration.ofSeconds(10);
    private static final String PORT = "files";

    private record Key(UUID tenant, UUID store, String root) {}

    /** What is done with a guest. */
    interface Use<T> {
        T on(FilesLink link) throws OrderFailure, IOException, InterruptedException;
    }

    private static final class Guest {
        private final ReentrantLock lock = new ReentrantLock(true);
        private ThrowawayVm vm;
        private FilesLink link;
        private int users;
        private volatile long usedAt = System.nanoTime();

        private synchronized boolean hasLostItsPoint() {
            return vm != null && !vm.hasItsPoint();
        }

        /** Why it does not answer any more. */
        private synchronized IOException why(IOException said) throws InterruptedException {
            if (vm == null) {
                return said;
            }
            return switch (vm.fate()) {
                case KILLED -> new KilledException("the helper guest was killed: " + said.getMessage(), said);
                case ENDED_BY_ITSELF -> link == null ? said : broughtDown(said);
                case OTHER -> said;
            };
        }

        /** Its kernel parses what a tenant made. */
        private static KilledException broughtDown(IOException said) {
            return new KilledException(
                    ProblemCode.FILE_SYSTEM_DAMAGED,
                    "The guest that looked into the point went down over it, twice: the file system may be damaged. Look into an earlier"
                            + " point, or restore the volume to a VM and repair it there.",
                    "the helper guest went down: " + said.getMessage(),
                    said);
        }

        /** Also from another thread, whose order is over: what is being asked of it then fails. */
        private synchronized void end() {
            if (link != null) {
                link.close();
                link = null;
            }
            if (vm != null) {
                vm.close();
                vm = null;
            }
        }
    }

    private final BackupHost host;
    private final Map<Key, Guest> guests = new HashMap<>();
    private final ScheduledExecutorService timer = Threads.timer("helper-guests");

    HelperGuests(BackupHost host) {
        this.host = host;
        timer.scheduleWithFixedDelay(this::endIdle, SWEEP.toMillis(), SWEEP.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** One that is killed or goes down is replaced once, if what is done with it may be repeated. */
    <T> T with(StoreRef store, UUID tenant, VolumeRoot volume, Order order, Use<T> use)
            throws OrderFailure, IOException, InterruptedException {
        var guest = enter(new Key(tenant, store.id(), volume.root()), order);
        try {
            guest.lock.lockInterruptibly();
            try (var over = order.whenOver(guest::end)) {
                return KilledException.<T, OrderFailure>onceMore(
                        order, () -> used(guest, store, tenant, volume, order, use));
            } finally {
                guest.usedAt = System.nanoTime();
                guest.lock.unlock();
            }
        } finally {
            leave(guest);
        }
    }

    private <T> T used(Guest guest, StoreRef store, UUID tenant, VolumeRoot volume, Order order, Use<T> use)
            throws OrderFailure, IOException, InterruptedException {
        try {
            if (guest.link == null || !guest.vm.isAlive() || guest.hasLostItsPoint()) {
                guest.end();
                boot(guest, store, tenant, volume, order);
            }
            // Null when the order is over, which the check tells.
            var link = guest.link;
            order.check();
            return use.on(link);
        } catch (FetchFileHandler.BrokenOffException e) {
            guest.end();
            throw e;
        } catch (IOException e) {
            var why = guest.why(e);
            guest.end();
            throw why;
        } catch (InterruptedException e) {
            guest.end();
            throw e;
        } catch (OrderFailure e) {
            if (guest.hasLostItsPoint()) {
                guest.end();
                throw lost(e);
            }
            throw e;
        }
    }

    private synchronized void leave(Guest guest) {
        guest.users--;
    }

    private Guest enter(Key key, Order order) throws OrderFailure, InterruptedException {
        while (true) {
            synchronized (this) {
                if (guests.containsKey(key) || guests.size() < MOST || endIdle(Duration.ZERO, 1) > 0) {
                    var guest = guests.computeIfAbsent(key, one -> new Guest());
                    guest.users++;
                    return guest;
                }
            }
            order.progress(5, "waits for others who look into points");
            order.pause(Duration.ofMillis(500));
        }
    }

    /** What the guest says of a disk that cannot be read says nothing about the disk then. */
    private static OrderFailure lost(OrderFailure said) {
        return new OrderFailure(
                ProblemCode.STORE_UNAVAILABLE,
                "The backup store stopped answering while the point was read. Try again; if it lasts, tell the provider.",
                said);
    }

    private synchronized void endIdle() {
        endIdle(IDLE, Integer.MAX_VALUE);
    }

    /** @return how many were ended, of those that nobody has used for so long */
    private int endIdle(Duration unused, int most) {
        var idle = guests.entrySet().stream()
                .filter(guest -> guest.getValue().users == 0)
                .filter(guest -> System.nanoTime() - guest.getValue().usedAt >= unused.toNanos())
                .limit(most)
                .map(Map.Entry::getKey)
                .toList();
        idle.forEach(key -> guests.remove(key).end());
        return idle.size();
    }

    private void boot(Guest guest, StoreRef store, UUID tenant, VolumeRoot volume, Order order)
            throws OrderFailure, IOException, InterruptedException {
        order.progress(10, "starting a guest to look into the point");
        long began = System.nanoTime();
        var job = StoreJob.of("serve", order.id(), tenant, store, order.input());
        var vm = ThrowawayVm.prepare(host.config(), job, List.of(volume));
        guest.vm = vm;
        var helper = host.config().helperDir();
        var shape = new ThrowawayVm.Shape(
                host.kvm().getAsBoolean(),
                1,
                MEMORY_MIB,
                vm.copy("kernel", helper.resolve("vmlinuz")),
                vm.copy("initrd", helper.resolve("helper.img")),
                "quiet panic=-1 no_timer_check",
                List.of(),
                vm.port(PORT, "freehold.files"));
        vm.start(host.config(), shape, 1);
        vm.awaitUp(PORT);
        guest.link = FilesLink.open(vm.file(PORT));
        LOG.info(
                "A helper guest looks into {} after {} ms.",
                volume.root(),
                Duration.ofNanos(System.nanoTime() - began).toMillis());
    }
}
