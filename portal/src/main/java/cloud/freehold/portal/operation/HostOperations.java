package cloud.freehold.portal.operation;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.HostCommand;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What hosts do to operations, in the current transaction of the system's data source. */
public interface HostOperations {

    /** One-off orders whose end the host has not reported, oldest first. */
    List<HostCommand> commands(UUID hostId);

    /** Orders that the host has not taken up. */
    Set<UUID> untaken(UUID hostId);

    /** What a host says of a command. */
    enum Answer {
        TAKEN,
        /** It was cancelled or has failed meanwhile: the host gives it up. */
        GONE,
        /** There is no such operation on this host. */
        UNKNOWN
    }

    /** @param input null unless the answer is TAKEN and the command needs any */
    record Handed(Answer answer, @Nullable CommandInput input) {}

    /** What the host needs for a command that is open and its own. */
    Handed input(UUID hostId, UUID operationId);

    /**
     * Takes a part of what a command brings.
     *
     * @param number from 0 on
     * @param last nothing follows
     */
    Answer brought(UUID hostId, UUID operationId, int number, byte[] bytes, boolean last);

    Answer progressed(UUID hostId, UUID operationId, CommandProgress progress);

    /** Moves an open operation on; a finished one stays as it is. */
    void observed(UUID hostId, UUID operationId, CommandProgress progress);
}
