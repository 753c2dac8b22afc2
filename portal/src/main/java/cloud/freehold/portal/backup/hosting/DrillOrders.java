package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.CommandResult.DrillDone;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.backup.domain.DrillArguments;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationKind;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Tries points in throwaway VMs. */
@Component
class DrillOrders implements HostOrders {

    private static final int LARGEST_SCREENSHOT = 4 << 20;
    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G'};
    private static final int LONGEST_FINDING = 500;

    private final JdbcClient system;
    private final StoreRows stores;
    private final PointRoots roots;
    private final Inputs inputs;
    private final Tellings tellings;
    private final LiveEvents live;
    private final JsonMapper json;
    private final Uuid7 ids;
    private final Clock clock;

    DrillOrders(
            @SystemAccess JdbcClient system,
            StoreRows stores,
            PointRoots roots,
            Inputs inputs,
            Tellings tellings,
            LiveEvents live,
            JsonMapper json,
            Uuid7 ids,
            Clock clock) {
        this.system = system;
        this.stores = stores;
        this.roots = roots;
        this.inputs = inputs;
        this.tellings = tellings;
        this.live = live;
        this.json = json;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    public Set<OperationKind> kinds() {
        return EnumSet.of(OperationKind.DRILL);
    }

    @Override
    public Optional<HostCommand> command(HostOrder order) {
        DrillArguments wanted = arguments(order);
        HostCommand.DrillPoint.Check check =
                wanted.port() == null ? null : new HostCommand.DrillPoint.Check(wanted.port(), wanted.path());
        return stores.find(wanted.storeId())
                .map(store -> new HostCommand.DrillPoint(
                        order.id().value(),
                        order.deadline(),
                        order.tenant().value(),
                        wanted.vmId(),
                        wanted.pointId(),
                        store.ref(),
                        roots.of(order.tenant(), wanted.pointId()),
                        check));
    }

    @Override
    public Optional<CommandInput> input(HostOrder order) {
        return Optional.of(inputs.forReading(order, arguments(order).storeId()));
    }

    @Override
    public void completed(HostOrder order, @Nullable CommandResult result) throws UnusableResultException {
        if (!(result instanceof DrillDone done)) {
            throw new UnusableResultException("it did not say how the drill went.");
        }
        insert(
                order,
                done.passed(),
                Math.max(0, done.restoreMillis()),
                Math.max(0, done.bootMillis()),
                Objects.requireNonNullElse(done.check(), ""),
                screenshot(done.screenshotPng()));
    }

    /** One that could not be carried out has proven nothing; that is a finding, too. */
    @Override
    public void failed(HostOrder order, String code, String message) {
        insert(order, false, null, null, message, null);
    }

    private void insert(
            HostOrder order,
            boolean passed,
            @Nullable Long restore,
            @Nullable Long boot,
            String finding,
            byte @Nullable [] screenshot) {
        DrillArguments wanted = arguments(order);
        system.sql("""
                        insert into restore_drill (id, tenant_id, operation_id, point_id, policy_id, vm_id, vm_name, taken_at,
                            finished_at, passed, restore_millis, boot_millis, objective_millis, finding, screenshot)
                        values (:id, :tenant, :operation, :point,
                            (select id from backup_policy where tenant_id = :tenant and id = :policy), :vm, :name, :taken, :now,
                            :passed, :restore, :boot, :objective, :finding, :screenshot)
                        """)
                .param("id", ids.next())
                .param("tenant", order.tenant().value())
                .param("operation", order.id().value())
                .param("point", wanted.pointId())
                .param("policy", wanted.policyId(), java.sql.Types.OTHER)
                .param("vm", wanted.vmId())
                .param("name", wanted.vmName())
                .param("taken", wanted.takenAt().atOffset(ZoneOffset.UTC))
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .param("passed", passed)
                .param("restore", restore, java.sql.Types.BIGINT)
                .param("boot", boot, java.sql.Types.BIGINT)
                .param("objective", wanted.objectiveMillis(), java.sql.Types.BIGINT)
                .param("finding", finding.length() > LONGEST_FINDING ? finding.substring(0, LONGEST_FINDING) : finding)
                .param("screenshot", screenshot, java.sql.Types.BINARY)
                .update();
        live.publishAsSystem(order.tenant(), LiveTopic.BACKUPS);
        Long objective = wanted.objectiveMillis();
        if (!passed) {
            tellings.drillFailed(order, finding);
        } else if (objective != null && restore != null && restore > objective) {
            tellings.drillSlow(order, Duration.ofMillis(restore), Duration.ofMillis(objective));
        }
    }

    /** A picture that is none is left out: people's browsers get nothing else from here. */
    private static byte @Nullable [] screenshot(@Nullable String base64) {
        if (base64 == null || base64.length() > LARGEST_SCREENSHOT) {
            return null;
        }
        try {
            byte[] bytes = Base64.getDecoder().decode(base64);
            return bytes.length > PNG.length && Arrays.equals(Arrays.copyOf(bytes, PNG.length), PNG) ? bytes : null;
        } catch (IllegalArgumentException noBase64) {
            return null;
        }
    }

    private DrillArguments arguments(HostOrder order) {
        return json.readValue(order.arguments(), DrillArguments.class);
    }
}
