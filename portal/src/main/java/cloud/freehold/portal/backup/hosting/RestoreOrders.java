package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.backup.domain.RestoreArguments;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationKind;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Brings volumes back. */
@Component
class RestoreOrders implements HostOrders {

    private final JdbcClient system;
    private final StoreRows stores;
    private final Inputs inputs;
    private final Tellings tellings;
    private final AuditTrail audit;
    private final LiveEvents live;
    private final JsonMapper json;

    RestoreOrders(
            @SystemAccess JdbcClient system,
            StoreRows stores,
            Inputs inputs,
            Tellings tellings,
            AuditTrail audit,
            LiveEvents live,
            JsonMapper json) {
        this.system = system;
        this.stores = stores;
        this.inputs = inputs;
        this.tellings = tellings;
        this.audit = audit;
        this.live = live;
        this.json = json;
    }

    @Override
    public Set<OperationKind> kinds() {
        return EnumSet.of(OperationKind.RESTORE);
    }

    @Override
    public Optional<HostCommand> command(HostOrder order) {
        RestoreArguments wanted = arguments(order);
        return stores.find(wanted.storeId())
                .map(store -> new HostCommand.RestoreVolumes(
                        order.id().value(),
                        order.deadline(),
                        order.tenant().value(),
                        order.targetId(),
                        store.ref(),
                        wanted.volumes(),
                        wanted.live(),
                        store.bytesPerSecond()));
    }

    @Override
    public Optional<CommandInput> input(HostOrder order) {
        return Optional.of(inputs.forReading(order, arguments(order).storeId()));
    }

    @Override
    public void completed(HostOrder order, @Nullable CommandResult result) {
        audit.recordAsSystem(
                order.tenant(),
                order.host(),
                AuditEntry.of("restore.done", "vm", order.targetId(), order.targetName())
                        .after(Map.of(
                                "point", arguments(order).pointId(),
                                "volumes", arguments(order).volumes().size())));
        forgetSnapshots(order);
        live.publishAsSystem(order.tenant(), LiveTopic.BACKUPS, LiveTopic.VMS);
        tellings.restored(order);
    }

    /** They lay in the volumes that were replaced; a volume that was added for the restore had none. */
    private void forgetSnapshots(HostOrder order) {
        system.sql("""
                        delete from snapshot where tenant_id = :tenant and vm_id = :vm and exists (
                            select from volume where tenant_id = :tenant and id = any(:volumes)
                              and restored_by is distinct from :operation)
                        """)
                .param("tenant", order.tenant().value())
                .param("vm", order.targetId())
                .param(
                        "volumes",
                        arguments(order).volumes().stream()
                                .map(VolumeRoot::volumeId)
                                .toArray(UUID[]::new))
                .param("operation", order.id().value())
                .update();
    }

    @Override
    public void failed(HostOrder order, String code, String message) {
        tellings.restoreFailed(order, message);
    }

    private RestoreArguments arguments(HostOrder order) {
        return json.readValue(order.arguments(), RestoreArguments.class);
    }
}
