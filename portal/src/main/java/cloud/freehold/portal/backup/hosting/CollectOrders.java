package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.backup.domain.CollectArguments;
import cloud.freehold.portal.backup.domain.StoreLock;
import cloud.freehold.portal.backup.domain.UndoWindow;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationKind;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Gives back what no point needs. Its input decides, under the lock, what is gone for good. */
@Component
class CollectOrders implements HostOrders {

    private final JdbcClient system;
    private final StoreRows stores;
    private final Inputs inputs;
    private final UndoWindow undo;
    private final LiveEvents live;
    private final JsonMapper json;
    private final Clock clock;

    CollectOrders(
            @SystemAccess JdbcClient system,
            StoreRows stores,
            Inputs inputs,
            UndoWindow undo,
            LiveEvents live,
            JsonMapper json,
            Clock clock) {
        this.system = system;
        this.stores = stores;
        this.inputs = inputs;
        this.undo = undo;
        this.live = live;
        this.json = json;
        this.clock = clock;
    }

    @Override
    public Set<OperationKind> kinds() {
        return EnumSet.of(OperationKind.GARBAGE_COLLECT);
    }

    @Override
    public Optional<HostCommand> command(HostOrder order) {
        return stores.find(store(order))
                .map(store -> new HostCommand.CollectGarbage(
                        order.id().value(), order.deadline(), order.tenant().value(), store.ref()));
    }

    @Override
    public Optional<CommandInput> input(HostOrder order) {
        UUID store = store(order);
        StoreLock.take(system, order.tenant(), new StoreId(store));
        purge(order, store);
        List<String> live = roots(order, store);
        return Optional.of(inputs.forCollecting(order.tenant(), store, live, live, openWriters(order, store)));
    }

    /**
     * From here on nobody can bring them back. What an open operation has pinned stays, and of each VM that is being backed
     * up its latest point: the backup may start from it.
     */
    private void purge(HostOrder order, UUID store) {
        system.sql("""
                        update recovery_point p set purged_at = :now
                        where p.tenant_id = :tenant and p.store_id = :store and p.purged_at is null and p.removed_at <= :until
                          and not exists (
                              select from recovery_point_pin i join operation o on o.id = i.operation_id
                              where i.point_id = p.id and o.state in ('WAITING', 'QUEUED', 'RUNNING'))
                          and not (
                              exists (select from operation o where o.tenant_id = p.tenant_id and o.target_id = p.vm_id
                                      and o.kind = 'BACKUP' and o.state in ('QUEUED', 'RUNNING'))
                              and p.id = (select q.id from recovery_point q where q.tenant_id = p.tenant_id
                                          and q.vm_id = p.vm_id and q.store_id = p.store_id and q.purged_at is null
                                          order by q.taken_at desc, q.id desc limit 1))
                        """)
                .param("now", now())
                .param("tenant", order.tenant().value())
                .param("store", store)
                .param("until", now().minus(undo.length()))
                .update();
    }

    private List<String> roots(HostOrder order, UUID store) {
        return system.sql("""
                        select distinct w.root from recovery_point p join recovery_point_volume w on w.point_id = p.id
                        where p.tenant_id = :tenant and p.store_id = :store and p.purged_at is null order by w.root
                        """)
                .param("tenant", order.tenant().value())
                .param("store", store)
                .query((row, number) -> row.getString("root"))
                .list();
    }

    /** Backups that are asked for from now on wait for the collection's end. */
    private List<UUID> openWriters(HostOrder order, UUID store) {
        return system.sql("""
                        select id from operation where tenant_id = :tenant and kind = 'BACKUP'
                          and state in ('WAITING', 'QUEUED', 'RUNNING') and arguments ->> 'storeId' = :store order by id
                        """)
                .param("tenant", order.tenant().value())
                .param("store", store.toString())
                .query(UUID.class)
                .list();
    }

    @Override
    public void completed(HostOrder order, @Nullable CommandResult result) throws UnusableResultException {
        if (!(result instanceof CommandResult.GarbageCollected collected)) {
            throw new UnusableResultException("it did not say what it freed.");
        }
        UUID store = store(order);
        // Their data is gone, so the rows say nothing any more; the audit trail keeps who removed them.
        system.sql("""
                        delete from recovery_point
                        where tenant_id = :tenant and store_id = :store and purged_at < :begun
                        """)
                .param("tenant", order.tenant().value())
                .param("store", store)
                .param("begun", now())
                .update();
        system.sql("""
                        delete from recovery_point_pin i using operation o
                        where o.id = i.operation_id and i.tenant_id = :tenant
                          and o.state in ('DONE', 'FAILED', 'CANCELLED')
                        """).param("tenant", order.tenant().value()).update();
        system.sql("""
                        insert into backup_usage (tenant_id, store_id, kept_bytes, wasted_bytes, freed_bytes, collected_at)
                        values (:tenant, :store, :kept, :wasted, :freed, :now)
                        on conflict (tenant_id, store_id) do update set kept_bytes = excluded.kept_bytes,
                            wasted_bytes = excluded.wasted_bytes, freed_bytes = excluded.freed_bytes,
                            collected_at = excluded.collected_at
                        """)
                .param("tenant", order.tenant().value())
                .param("store", store)
                .param("kept", Math.max(0, collected.bytesKept()))
                .param("wasted", Math.max(0, collected.bytesWasted()))
                .param("freed", Math.max(0, collected.bytesFreed()))
                .param("now", now())
                .update();
        live.publishAsSystem(order.tenant(), LiveTopic.BACKUPS);
    }

    private UUID store(HostOrder order) {
        return json.readValue(order.arguments(), CollectArguments.class).storeId();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
