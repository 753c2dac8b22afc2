package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.CommandResult.Damage;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.backup.domain.VerifyArguments;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationKind;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Reads points again. */
@Component
class VerifyOrders implements HostOrders {

    private static final int MOST_DAMAGES = 1_000;

    private final JdbcClient system;
    private final StoreRows stores;
    private final Inputs inputs;
    private final Tellings tellings;
    private final LiveEvents live;
    private final JsonMapper json;
    private final Clock clock;

    VerifyOrders(
            @SystemAccess JdbcClient system,
            StoreRows stores,
            Inputs inputs,
            Tellings tellings,
            LiveEvents live,
            JsonMapper json,
            Clock clock) {
        this.system = system;
        this.stores = stores;
        this.inputs = inputs;
        this.tellings = tellings;
        this.live = live;
        this.json = json;
        this.clock = clock;
    }

    @Override
    public Set<OperationKind> kinds() {
        return EnumSet.of(OperationKind.POINTS_VERIFY);
    }

    @Override
    public Optional<HostCommand> command(HostOrder order) {
        return stores.find(arguments(order).storeId())
                .map(store -> new HostCommand.VerifyPoints(
                        order.id().value(),
                        order.deadline(),
                        order.tenant().value(),
                        store.ref(),
                        store.bytesPerSecond()));
    }

    @Override
    public Optional<CommandInput> input(HostOrder order) {
        return Optional.of(inputs.forVerifying(order, arguments(order).storeId()));
    }

    @Override
    public void completed(HostOrder order, @Nullable CommandResult result) throws UnusableResultException {
        if (!(result instanceof CommandResult.PointsVerified verified) || verified.damages() == null) {
            throw new UnusableResultException("it did not say what it found.");
        }
        List<Damage> damages = verified.damages().stream()
                .filter(damage -> damage != null && damage.root() != null)
                .limit(MOST_DAMAGES)
                .toList();
        // A full list may have had no room for what was found in other points: those were not found to be whole.
        boolean full = damages.size() >= MOST_DAMAGES;
        system.sql("""
                        update recovery_point p set verified_at = :now, version = version + 1,
                            damages = (select coalesce(jsonb_agg(d), '[]') from jsonb_array_elements(:damages::jsonb) d
                                       where exists (select from recovery_point_volume w
                                                     where w.point_id = p.id and w.root = d ->> 'root'))
                        where p.tenant_id = :tenant
                          and p.id in (select point_id from recovery_point_pin where operation_id = :operation)
                          and (not :full or exists (
                              select from jsonb_array_elements(:damages::jsonb) d
                              join recovery_point_volume w on w.root = d ->> 'root' where w.point_id = p.id))
                        """)
                .param("full", full)
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .param("damages", Objects.requireNonNull(json.writeValueAsString(damages)))
                .param("tenant", order.tenant().value())
                .param("operation", order.id().value())
                .update();
        if (!damages.isEmpty()) {
            tellings.damaged(order, damages.size());
        }
        live.publishAsSystem(order.tenant(), LiveTopic.BACKUPS);
    }

    private VerifyArguments arguments(HostOrder order) {
        return json.readValue(order.arguments(), VerifyArguments.class);
    }
}
