package cloud.freehold.agent.moment;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Brings about the moment that is wanted, or the strongest acceptable one. */
public final class Moments {
    /** What happens at the moment; quick, and in one QEMU transaction a VM. */
    public interface Transaction {
        void run() throws HypervisorException, IOException;
    }

    private final Hypervisor hypervisor;
    private final HeldGuests held;
    private final Clock clock;

    public Moments(Hypervisor hypervisor, HeldGuests held, Clock clock) {
        this.hypervisor = hypervisor;
        this.held = held;
        this.clock = clock;
    }

    /**
     * @param freezeLimit the thaw is certain by then
     * @param undo takes back a transaction that happened at a moment which turned out not to be what it was to be
     * @return what was achieved, by VM
     * @throws OrderFailure CONSISTENCY_NOT_REACHED: nothing has happened
     */
    public Map<UUID, Certificate> take(
            List<Subject> subjects,
            Consistency wanted,
            Consistency acceptable,
            Duration freezeLimit,
            Order order,
            Transaction transaction,
            Transaction undo)
            throws OrderFailure, HypervisorException, IOException, InterruptedException {
        var why = new StringBuilder();
        for (int level = wanted.ordinal(); level >= acceptable.ordinal(); level--) {
            order.check();
            var attempt = new Attempt(hypervisor, held, clock, subjects, transaction);
            var reason = switch (Consistency.values()[level]) {
                case FILESYSTEM -> attempt.frozen(freezeLimit);
                case BARRIER -> attempt.atBarrier(order);
                case CRASH -> attempt.asItIs();
            };
            if (reason == null) {
                return attempt.certificates(Consistency.values()[level], why.isEmpty() ? null : why.toString());
            }
            if (attempt.happened()) {
                undo.run();
            }
            why.append(why.isEmpty() ? "" : " ").append(reason);
        }
        throw new OrderFailure(
                ProblemCode.CONSISTENCY_NOT_REACHED,
                why + " Nothing less was acceptable: accept a weaker level, or look at the guest, then repeat.");
    }
}
