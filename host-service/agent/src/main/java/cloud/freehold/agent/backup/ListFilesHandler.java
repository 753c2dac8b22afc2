package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.api.command.HostCommand.ListFiles;
import java.io.IOException;
import java.util.Set;
import java.util.UUID;

/** Lists a folder of a point. Somebody looks at a page and waits, so that it waits for no other order. */
final class ListFilesHandler implements CommandHandler<ListFiles> {
    private final HelperGuests guests;

    ListFilesHandler(HelperGuests guests) {
        this.guests = guests;
    }

    @Override
    public Class<ListFiles> type() {
        return ListFiles.class;
    }

    @Override
    public Set<UUID> exclusive(ListFiles command) {
        return Set.of();
    }

    @Override
    public Outcome carryOut(ListFiles command, Order order) throws OrderFailure, IOException, InterruptedException {
        var path = command.path() == null ? "/" : command.path();
        var listed = guests.with(command.store(), command.tenantId(), command.volume(), order, link -> link.list(path));
        return new Outcome("listed", listed);
    }
}
