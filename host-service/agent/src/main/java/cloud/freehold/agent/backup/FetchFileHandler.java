package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.api.ProblemCode;
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
        try {
            guests.with(command.store(), command.tenantId(), command.volume(), order, link -> {
                send(link, command.path(), order);
                return null;
            });
        } catch (BrokenOffException e) {
            throw new OrderFailure(
                    ProblemCode.FILE_INCOMPLETE,
                    "The file broke off before its end, and nothing of it was kept. Download it again; if it breaks off again, let the"
                            + " point be verified, or look into another one.",
                    e);
        }
        return new Outcome("sent", null);
    }

    static void send(FilesLink link, String path, Order order) throws OrderFailure, IOException {
        try (var bytes = link.file(path)) {
            order.progress(30, "sending");
            order.output(bytes);
        } catch (IOException e) {
            throw new BrokenOffException(e);
        }
    }

    /** The guest, the point, or the portal on the other side went away. Ends the guest: what it says next may be the rest of the file. */
    static final class BrokenOffException extends IOException {
        private static final long serialVersionUID = 1L;

        BrokenOffException(IOException cause) {
            super("the file broke off: " + cause.getMessage(), cause);
        }
    }
}
