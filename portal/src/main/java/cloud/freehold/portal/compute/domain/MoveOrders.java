package cloud.freehold.portal.compute.domain;

import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationKind;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Moves volumes between a host's storage pools. */
@Component
class MoveOrders implements HostOrders {

    private static final long AS_FAST_AS_IT_GOES = 0;

    private final AuditTrail audit;
    private final JsonMapper json;

    MoveOrders(AuditTrail audit, JsonMapper json) {
        this.audit = audit;
        this.json = json;
    }

    @Override
    public Set<OperationKind> kinds() {
        return EnumSet.of(OperationKind.VOLUME_MIRROR);
    }

    @Override
    public Optional<HostCommand> command(HostOrder order) {
        MoveArguments wanted = arguments(order);
        return Optional.of(new HostCommand.MirrorVolume(
                order.id().value(),
                order.deadline(),
                order.targetId(),
                wanted.volumeId(),
                wanted.pool(),
                AS_FAST_AS_IT_GOES));
    }

    @Override
    public void completed(HostOrder order, @Nullable CommandResult result) {
        MoveArguments wanted = arguments(order);
        audit.recordAsSystem(
                order.tenant(),
                order.host(),
                AuditEntry.of("volume.moved", "volume", wanted.volumeId(), order.targetName() + "/" + wanted.volume())
                        .after(Map.of("pool", wanted.pool())));
    }

    private MoveArguments arguments(HostOrder order) {
        return json.readValue(order.arguments(), MoveArguments.class);
    }
}
