package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.CommandHandler;
import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandResult.Damage;
import cloud.freehold.api.command.CommandResult.PointsVerified;
import cloud.freehold.api.command.HostCommand.VerifyPoints;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** Reads and re-hashes points. Damage is what it looks for, so that finding some is no failure of the order. */
final class VerifyHandler implements CommandHandler<VerifyPoints> {
    private static final int MOST_DAMAGES = 1000;

    private final BackupHost host;

    VerifyHandler(BackupHost host) {
        this.host = host;
    }

    @Override
    public Class<VerifyPoints> type() {
        return VerifyPoints.class;
    }

    @Override
    public Set<UUID> exclusive(VerifyPoints command) {
        return Set.of(command.id());
    }

    @Override
    public Outcome carryOut(VerifyPoints command, Order order) throws OrderFailure, IOException, InterruptedException {
        var input = order.input();
        if (input.liveRoots() == null || input.liveRoots().isEmpty()) {
            throw new OrderFailure(ProblemCode.NOT_THERE, "There is no point to verify.");
        }
        var job = StoreJob.of("verify", command.id(), command.tenantId(), command.store(), input)
                .with("roots", input.liveRoots())
                .with("keepGoing", true)
                .pace(command.bytesPerSecond());
        try {
            var result = host.store().run(job, order, new Copying(order, "reading", 1, 99));
            var damages = damages(result.path("damages"));
            return new Outcome(
                    damages.isEmpty() ? "everything is as it was written" : "damage was found",
                    new PointsVerified(
                            result.path("bytesRead").asLong(),
                            result.path("chunks").asLong(),
                            damages));
        } catch (StoreProcess.Failed e) {
            throw e.forTenant();
        }
    }

    private static List<Damage> damages(JsonNode all) {
        var damages = new ArrayList<Damage>();
        for (var damage : all) {
            if (damages.size() < MOST_DAMAGES) {
                damages.add(new Damage(
                        damage.path("root").asString(""),
                        damage.path("offset").asLong(-1),
                        damage.path("length").asLong(0),
                        damage.path("what").asString("ALTERED"),
                        damage.path("where").asString("")));
            }
        }
        return damages;
    }
}
