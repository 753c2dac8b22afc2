package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.backup.domain.BackupArguments;
import cloud.freehold.portal.backup.domain.StoreLock;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationKind;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Takes recovery points. */
@Component
class BackupOrders implements HostOrders {

    private final JdbcClient system;
    private final StoreRows stores;
    private final Inputs inputs;
    private final Pins pins;
    private final TakenPoints taken;
    private final Tellings tellings;
    private final JsonMapper json;

    BackupOrders(
            @SystemAccess JdbcClient system,
            StoreRows stores,
            Inputs inputs,
            Pins pins,
            TakenPoints taken,
            Tellings tellings,
            JsonMapper json) {
        this.system = system;
        this.stores = stores;
        this.inputs = inputs;
        this.pins = pins;
        this.taken = taken;
        this.tellings = tellings;
        this.json = json;
    }

    @Override
    public Set<OperationKind> kinds() {
        return EnumSet.of(OperationKind.BACKUP);
    }

    @Override
    public Optional<HostCommand> command(HostOrder order) {
        BackupArguments wanted = arguments(order);
        List<HostCommand.BackupVm.Source> sources = sources(order, wanted);
        return stores.find(wanted.storeId())
                .filter(store -> !sources.isEmpty())
                .map(store -> new HostCommand.BackupVm(
                        order.id().value(),
                        order.deadline(),
                        order.tenant().value(),
                        order.targetId(),
                        wanted.pointId(),
                        store.ref(),
                        sources,
                        wanted.wanted(),
                        wanted.acceptable(),
                        wanted.freezeLimitMillis(),
                        store.bytesPerSecond(),
                        store.keepFreeBytes()));
    }

    /**
     * A volume's base is its latest point in this store, also a removed one as long as its data is there; the dirty bitmap
     * of the VM's latest point alone tells what changed since. One that is known to be damaged is no base: what it has lost
     * would be lost to all that follow. Then everything is read, and stored anew.
     */
    private List<HostCommand.BackupVm.Source> sources(HostOrder order, BackupArguments wanted) {
        return system.sql("""
                        select v.id, case when not b.damaged then b.root end as root,
                               case when b.latest and not b.damaged then b.checkpoint end as checkpoint
                        from volume v
                        left join lateral (
                            select w.root, w.checkpoint, coalesce(p.damages, '[]') <> '[]' as damaged,
                                   p.id = (select q.id from recovery_point q where q.tenant_id = v.tenant_id and q.vm_id = v.vm_id
                                           order by q.taken_at desc, q.id desc limit 1) as latest
                            from recovery_point_volume w join recovery_point p on p.id = w.point_id
                            where w.volume_id = v.id and p.tenant_id = v.tenant_id and p.store_id = :store
                              and p.purged_at is null
                            order by p.taken_at desc, p.id desc limit 1) b on true
                        where v.tenant_id = :tenant and v.vm_id = :vm and v.device_index is not null
                        order by v.device_index
                        """)
                .param("tenant", order.tenant().value())
                .param("vm", order.targetId())
                .param("store", wanted.storeId())
                .query((row, number) -> new HostCommand.BackupVm.Source(
                        row.getObject("id", UUID.class), row.getString("root"), row.getString("checkpoint")))
                .list();
    }

    @Override
    public Optional<CommandInput> input(HostOrder order) {
        BackupArguments wanted = arguments(order);
        StoreLock.take(system, order.tenant(), new StoreId(wanted.storeId()));
        List<String> pinned = pins.pinForSharing(order, wanted.storeId());
        return Optional.of(inputs.forWriting(order.tenant(), wanted.storeId(), pinned));
    }

    @Override
    public void completed(HostOrder order, @Nullable CommandResult result) throws UnusableResultException {
        if (!(result instanceof CommandResult.BackupTaken backup)) {
            throw new UnusableResultException("it did not say what it stored.");
        }
        taken.store(order, arguments(order), backup);
    }

    @Override
    public void failed(HostOrder order, String code, String message) {
        tellings.backupFailed(order, message);
    }

    private BackupArguments arguments(HostOrder order) {
        return json.readValue(order.arguments(), BackupArguments.class);
    }
}
