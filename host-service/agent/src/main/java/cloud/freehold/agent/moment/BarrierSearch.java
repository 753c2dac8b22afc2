package cloud.freehold.agent.moment;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * Looks for a moment at which all disks of all VMs are at a write barrier.
 *
 * <p>First it only watches: most guests come to rest or show a FLUSH alone soon. Then the VMs are stopped. One that was stopped in the middle of its
 * requests goes on in steps, let go for a moment and stopped again, until the last that its disks completed was a FLUSH; those that are at a barrier
 * wait for it. So a guest that never rests is caught within a few of its own requests, and several guests need not be at a barrier at the same
 * time by chance.
 *
 * <p>All bounds are numbers of readings and steps. None is a time, which a slow machine would use up without having looked.
 */
final class BarrierSearch {
    static final int ROUNDS = 12;
    /** Readings that show a guest at work, and no barrier, before it is stopped. */
    private static final int BUSY_READINGS = 6;

    private static final int STEPS = 40;
    private static final Duration POLL = Duration.ofMillis(1);
    private static final Duration LONGEST_STEP = Duration.ofMillis(16);
    /** A guest that is stopped again and again has a right to run in between. */
    private static final Duration BREATHE = Duration.ofMillis(60);

    /** Lets VMs go, for certain. */
    interface Release {
        void letGo(WatchedVm vm);
    }

    private final List<WatchedVm> vms;
    private final Release release;
    private final Order order;

    BarrierSearch(List<WatchedVm> vms, Release release, Order order) {
        this.vms = vms;
        this.release = release;
        this.order = order;
    }

    /**
     * @param transaction carried out at the barrier, while the VMs are stopped
     * @return false: none was found, and nothing happened
     */
    boolean find(Moments.Transaction transaction)
            throws HypervisorException, IOException, OrderFailure, InterruptedException {
        for (int round = 0; round < ROUNDS; round++) {
            watch();
            try {
                if (stopAtBarrier()) {
                    transaction.run();
                    return true;
                }
            } finally {
                vms.forEach(release::letGo);
            }
            order.pause(BREATHE);
        }
        return false;
    }

    private boolean areAligned() {
        return vms.stream().allMatch(WatchedVm::isAligned);
    }

    /** Ends: what rests for long enough is aligned, and what does not makes itself seen. */
    private void watch() throws HypervisorException, OrderFailure, InterruptedException {
        int busy = 0;
        while (true) {
            boolean moved = false;
            for (var vm : vms) {
                moved |= vm.see();
            }
            busy += moved ? 1 : 0;
            if (areAligned() || busy >= BUSY_READINGS) {
                return;
            }
            order.pause(POLL);
        }
    }

    private boolean stopAtBarrier() throws HypervisorException, OrderFailure, InterruptedException {
        for (var vm : vms) {
            vm.stop();
        }
        for (var vm : vms) {
            vm.see();
            if (!stepToBarrier(vm)) {
                return false;
            }
        }
        return true;
    }

    private boolean stepToBarrier(WatchedVm vm) throws HypervisorException, OrderFailure, InterruptedException {
        var length = Duration.ZERO;
        for (int step = 0; step < STEPS && vm.runs() && !vm.isAligned(); step++) {
            vm.go();
            if (!length.isZero()) {
                order.pause(length);
            }
            vm.stop();
            length = vm.see() ? shorter(length) : longer(length);
        }
        return vm.isAligned();
    }

    private static Duration shorter(Duration length) {
        return length.compareTo(POLL) <= 0 ? Duration.ZERO : length.dividedBy(2);
    }

    private static Duration longer(Duration length) {
        var twice = length.isZero() ? POLL : length.multipliedBy(2);
        return twice.compareTo(LONGEST_STEP) > 0 ? LONGEST_STEP : twice;
    }
}
