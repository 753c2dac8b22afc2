package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import java.io.IOException;
import java.util.List;

/** The orders about recovery points. */
public final class Backups {
    public static List<CommandHandler<?>> handlers(BackupHost host) throws IOException {
        WorkFolder.sweep(host.config());
        var helpers = new HelperGuests(host);
        return List.of(
                new BackupHandler(host),
                new RestoreHandler(host),
                new VerifyHandler(host),
                new CollectHandler(host),
                new MirrorHandler(host),
                new ListFilesHandler(helpers),
                new FetchFileHandler(helpers),
                new DrillHandler(host));
    }

    private Backups() {}
}
