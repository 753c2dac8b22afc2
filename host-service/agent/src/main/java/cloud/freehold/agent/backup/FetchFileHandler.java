package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.api.command.HostCommand.FetchFile;
import java.io.IOException;
import java.util.Set;
import java.util.UUID;

/** Sends a file of a point to the portal, or a folder as a tar, as it is read: nothing of it is kept here. */
final class FetchFileHandler implements CommandHandler<FetchFile> {
    private final HelperGuests guests;

    FetchFileHandler(HelperGuests guests) {
        this.guests = guests;
    }

    @Override
    public Class<FetchFile> type() {
        return FetchFile.class;
    }

    @Override
    public Set<UUID> exclusive(FetchFile command) {
        return Set.of();
    }

    /** Not half a file behind half a file. */
    @Override
    public boolean repeats() {
        return false;
    }

    @Override
    public Outcome carryOut(FetchFile command, Order order) throws OrderFailure, IOException, InterruptedException {
        guests.with(command.store(), command.tenantId(), command.volume(), order, link -> {
            try (var bytes = link.file(command.path())) {
                order.progress(30, "sending");
                order.output(bytes);
            }
            return null;
        });
        return new Outcome("sent", null);
    }
}
