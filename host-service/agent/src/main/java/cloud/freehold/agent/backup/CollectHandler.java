package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandResult.GarbageCollected;
import cloud.freehold.api.command.HostCommand.CollectGarbage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Removes from a tenant's part of a store what no point needs. It first asks the store who has written there, and then the portal what stays: only in this order
 * is it safe beside backups that begin meanwhile.
 */
final class CollectHandler implements CommandHandler<CollectGarbage> {
    private final BackupHost host;

    CollectHandler(BackupHost host) {
        this.host = host;
    }

    @Override
    public Class<CollectGarbage> type() {
        return CollectGarbage.class;
    }

    /** Two at the same data would only be in each other's way. */
    @Override
    public Set<UUID> exclusive(CollectGarbage command) {
        return Set.of(UUID.nameUUIDFromBytes((command.store().id() + "/" + command.tenantId())
                .getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    }

    @Override
    public Outcome carryOut(CollectGarbage command, Order order)
            throws OrderFailure, IOException, InterruptedException {
        var writers = writers(command, order, order.input());
        // Asked for again: what stays has to be determined after the writers were.
        var input = order.input();
        if (input.liveRoots() == null || input.openWriters() == null) {
            throw new OrderFailure(ProblemCode.INTERNAL, "The portal did not say what stays. Nothing was removed.");
        }
        var job = StoreJob.of("collect", command.id(), command.tenantId(), command.store(), input)
                .with("writers", writers)
                .with("liveRoots", input.liveRoots())
                .with("openWriters", input.openWriters())
                .with("dryRun", false)
                .pinned(input.pinned());
        try {
            var result = host.store().run(job, order, new Copying(order, "looking for what is not needed", 1, 99));
            return new Outcome(
                    "what was not needed is removed",
                    new GarbageCollected(
                            result.path("bytesFreed").asLong(),
                            result.path("bytesKept").asLong(),
                            result.path("objectsRemoved").asLong(),
                            result.path("bytesWasted").asLong()));
        } catch (StoreProcess.Failed e) {
            throw e.forTenant();
        }
    }

    /** Whose objects are in the store: nobody else's are touched, so that what is only just being written is safe. */
    private List<String> writers(CollectGarbage command, Order order, CommandInput input)
            throws OrderFailure, IOException, InterruptedException {
        try {
            var job = StoreJob.of("writers", command.id(), command.tenantId(), command.store(), input);
            var writers = new ArrayList<String>();
            host.store().run(job, order, progress -> {}).path("writers").forEach(one -> writers.add(one.asString("")));
            return writers;
        } catch (StoreProcess.Failed e) {
            throw e.forTenant();
        }
    }
}
