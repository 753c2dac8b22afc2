package cloud.freehold.agent.command;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandProgress;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/** What orders need of the portal. */
public interface CommandPortal {
    /** @return false: the order was cancelled */
    boolean progress(UUID command, CommandProgress progress) throws IOException;

    /** Empty: the order is not open any more. */
    Optional<CommandInput> input(UUID command) throws IOException;

    void output(UUID command, InputStream bytes, Duration deadline) throws IOException;
}
