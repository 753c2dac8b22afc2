package cloud.freehold.portal.compute.domain;

import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationKind;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** What is asked of a VM once and is no state that it could be compared with. */
@Component
class VmOrders implements HostOrders {

    private record Arguments(@Nullable Boolean force) {}

    private final JsonMapper json;

    VmOrders(JsonMapper json) {
        this.json = json;
    }

    @Override
    public Set<OperationKind> kinds() {
        return EnumSet.of(OperationKind.VM_REBOOT, OperationKind.VM_FORCE_OFF);
    }

    @Override
    public Optional<HostCommand> command(HostOrder order) {
        if (order.kind() == OperationKind.VM_FORCE_OFF) {
            return Optional.of(new HostCommand.ForceOffVm(order.id().value(), order.deadline(), order.targetId()));
        }
        boolean force = Boolean.TRUE.equals(
                json.readValue(order.arguments(), Arguments.class).force());
        return Optional.of(new HostCommand.RebootVm(order.id().value(), order.deadline(), order.targetId(), force));
    }
}
