package cloud.freehold.portal.operation;

import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.HostCommand;
import java.util.List;
import java.util.UUID;

/** What hosts do to operations, in the current transaction of the system's data source. */
public interface HostOperations {

    /** One-off orders whose end the host has not reported, oldest first. */
    List<HostCommand> commands(UUID hostId);

    /** Whether there are orders that the host has not taken up. */
    boolean hasUntaken(UUID hostId);

    /** What a host says of a command. */
    enum Answer {
        TAKEN,
        /** It was cancelled or has failed meanwhile: the host gives it up. */
        GONE,
        /** There is no such operation on this host. */
        UNKNOWN
    }

    Answer progressed(UUID hostId, UUID operationId, CommandProgress progress);

    /** Moves an open operation on; a finished one stays as it is. */
    void observed(UUID hostId, UUID operationId, CommandProgress progress);
}
