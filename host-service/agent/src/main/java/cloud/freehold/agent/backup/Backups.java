package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import java.util.List;

/** The orders about recovery points. */
public final class Backups {
    public static List<CommandHandler<?>> handlers(BackupHost host) {
        return List.of(
                new BackupHandler(host),
                new RestoreHandler(host),
                new VerifyHandler(host),
                new CollectHandler(host),
                new MirrorHandler(host));
    }

    private Backups() {}
}
