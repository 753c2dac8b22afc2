package cloud.freehold.portal.operation;

import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a feature orders of hosts: it makes the command of the operation's row, hands out what the host needs for it, and
 * takes what it brings. A bean a feature; each kind of operation that is a one-off order belongs to exactly one.
 *
 * <p>All methods run in a transaction of the system's data source, and for the order's own host alone.
 */
public interface HostOrders {

    Set<OperationKind> kinds();

    /** In a read-only snapshot. Empty: it cannot be carried out (any more), and ends with its deadline. */
    Optional<HostCommand> command(HostOrder order);

    /** What only the host that carries it out may know, only while it does. Empty: there is nothing. */
    default Optional<CommandInput> input(HostOrder order) {
        return Optional.empty();
    }

    /**
     * It ended well. Whatever is written here is kept together with that, or not at all.
     *
     * @throws UnusableResultException when the host did not bring what it should; to be thrown before anything is written.
     *     The operation fails then
     */
    default void completed(HostOrder order, @Nullable CommandResult result) throws UnusableResultException {}

    /**
     * A part of what the command {@linkplain cloud.freehold.api.AgentPaths#COMMANDS brings}, in its order. Number 0 begins anew: what
     * came before is void.
     *
     * @param last nothing follows; without it, what came is not whole
     * @throws RefusedOutputException when it is more than may come; the operation fails with that
     */
    default void brought(HostOrder order, int number, byte[] bytes, boolean last) throws RefusedOutputException {
        throw new RefusedOutputException(
                "host.internal", "The host sent bytes that nobody asked for. If it does so again, ask the provider.");
    }

    /** The host failed, it was overdue, or the step before it failed. Nothing is said of one that was cancelled. */
    default void failed(HostOrder order, String code, String message) {}

    /** What a host brings is not taken; the message tells the tenant why and what to do. */
    final class RefusedOutputException extends Exception {

        private static final long serialVersionUID = 1L;

        private final String code;

        public RefusedOutputException(String code, String message) {
            super(message);
            this.code = code;
        }

        public String code() {
            return code;
        }
    }

    /** A host said that it was done and did not bring what it should have. */
    final class UnusableResultException extends Exception {

        private static final long serialVersionUID = 1L;

        private final ProblemCode code;

        /** @param missing what the host did not bring, as the end of a sentence */
        public UnusableResultException(String missing) {
            this(
                    ProblemCode.INTERNAL,
                    "The host says that it is done, but not with what: " + missing
                            + " Nothing of it counts. Try again; if it fails again, ask the provider.");
        }

        /** @param message what happened and what to do next, for the tenant */
        public UnusableResultException(ProblemCode code, String message) {
            super(message);
            this.code = code;
        }

        public ProblemCode code() {
            return code;
        }
    }
}
