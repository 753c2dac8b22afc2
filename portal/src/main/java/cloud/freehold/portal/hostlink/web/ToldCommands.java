package cloud.freehold.portal.hostlink.web;

import cloud.freehold.api.command.HostCommand;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Which commands a host was told of a moment ago, so that one that it does not take up is repeated, but not in a tight loop. */
final class ToldCommands {

    private final Duration again;
    private final Map<UUID, Instant> told = new HashMap<>();

    ToldCommands(Duration again) {
        this.again = again;
    }

    synchronized Set<UUID> lately(Instant now) {
        told.values().removeIf(at -> !now.isBefore(at.plus(again)));
        return Set.copyOf(told.keySet());
    }

    synchronized void told(List<HostCommand> commands, Instant now) {
        commands.forEach(command -> told.put(command.id(), now));
    }
}
