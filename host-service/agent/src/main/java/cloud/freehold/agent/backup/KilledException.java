package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.api.ProblemCode;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program that does the work for an order was killed by somebody else, as when the host runs out of memory, or a guest that does it ended by
 * itself. It may have been bad luck.
 */
final class KilledException extends IOException {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(KilledException.class);

    /** What a process ended by a signal exits with, and more. */
    private static final int BY_A_SIGNAL = 128;

    /**
     * What may be done again from its beginning.
     *
     * @param <E> what else it throws
     */
    interface Work<T, E extends Exception> {
        T go() throws E, OrderFailure, IOException, InterruptedException;
    }

    private final ProblemCode code;
    private final String forTenant;

    KilledException(String message, Throwable cause) {
        this(
                ProblemCode.PROGRAM_KILLED,
                "A program of the host's was killed while it worked on this, twice in a row, as when the host runs out of memory."
                        + " Nothing half done was kept. Try again later; if it happens again, tell the provider.",
                message,
                cause);
    }

    /**
     * @param code and
     * @param forTenant what is told when it happens a second time
     */
    KilledException(ProblemCode code, String forTenant, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
        this.forTenant = forTenant;
    }

    static boolean isMeantBy(int exitValue) {
        return exitValue > BY_A_SIGNAL;
    }

    /** Nobody has to order again what is only bad luck; a second time is none. */
    static <T, E extends Exception> T onceMore(Order order, Work<T, E> work)
            throws E, OrderFailure, IOException, InterruptedException {
        try {
            return work.go();
        } catch (KilledException e) {
            LOG.warn("Order {} is carried out once more: {}", order.id(), e.getMessage());
        }
        order.check();
        try {
            return work.go();
        } catch (KilledException e) {
            throw new OrderFailure(e.code, e.forTenant, e);
        }
    }
}
