package cloud.freehold.agent.command;

import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Carries out one kind of order.
 *
 * @param <C> the order
 */
public interface CommandHandler<C extends HostCommand> {

    /**
     * How an order ended well.
     *
     * @param step what was done, a few words for the tenant
     * @param result null: it brings none
     */
    record Outcome(String step, CommandResult result) {}

    Class<C> type();

    /**
     * What the order has for itself while it runs, as a rule its VM: orders that share something run one after the other, in the order
     * in which they came. Empty: it starts at once, beside all others, and does not count against their number.
     */
    Set<UUID> exclusive(C command);

    /**
     * Whether an order in whose middle the agent died is carried out again from its beginning (with {@link Order#repeated()}); otherwise
     * it ends as interrupted.
     */
    default boolean repeats() {
        return true;
    }

    /**
     * Called before an order is carried out again after the agent's death, and before anything is done about VMs: what must not be
     * touched until then can be taken.
     *
     * @param notes what was noted
     */
    default void reserve(C command, Map<String, String> notes) {}

    /** Called at the end of each order, however it ended, and whether it was carried out or not: what is still reserved for it is let go. */
    default void release(C command) {}

    /**
     * Blocks until it is done. When the order is cancelled or late, what was given to {@link Order#whenOver} runs, and whatever is thrown
     * then counts as the end of a cancelled order; the thread is not interrupted, so that cleaning up needs no care.
     */
    Outcome carryOut(C command, Order order)
            throws OrderFailure, HypervisorException, IOException, InterruptedException;
}
