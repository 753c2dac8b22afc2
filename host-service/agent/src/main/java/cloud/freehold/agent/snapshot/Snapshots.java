package cloud.freehold.agent.snapshot;

import cloud.freehold.agent.command.CommandHandler;
import java.util.List;

/** The orders about snapshots. */
public final class Snapshots {
    public static List<CommandHandler<?>> handlers(SnapshotHost host) {
        return List.of(new TakeHandler(host), new RollBackHandler(host), new DeleteHandler(host));
    }

    private Snapshots() {}
}
