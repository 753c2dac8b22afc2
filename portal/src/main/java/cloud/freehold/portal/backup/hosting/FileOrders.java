package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.VolumeRoot;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.CommandResult.FilesListed;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.backup.domain.FileArguments;
import cloud.freehold.portal.backup.domain.FileLimits;
import cloud.freehold.portal.backup.domain.FilePieces;
import cloud.freehold.portal.common.Bytes;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationKind;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Looks into points, and brings files out of them. */
@Component
class FileOrders implements HostOrders {

    /** Parts of a file after which pages are told how far it is. */
    private static final int TOLD_EACH = 8;

    private final JdbcClient system;
    private final StoreRows stores;
    private final PointRoots roots;
    private final Inputs inputs;
    private final FilePieces pieces;
    private final FileLimits limits;
    private final Bytes amounts;
    private final LiveEvents live;
    private final JsonMapper json;
    private final Clock clock;

    FileOrders(
            @SystemAccess JdbcClient system,
            StoreRows stores,
            PointRoots roots,
            Inputs inputs,
            FilePieces pieces,
            FileLimits limits,
            Bytes amounts,
            LiveEvents live,
            JsonMapper json,
            Clock clock) {
        this.system = system;
        this.stores = stores;
        this.roots = roots;
        this.inputs = inputs;
        this.pieces = pieces;
        this.limits = limits;
        this.amounts = amounts;
        this.live = live;
        this.json = json;
        this.clock = clock;
    }

    @Override
    public Set<OperationKind> kinds() {
        return EnumSet.of(OperationKind.FILES_LIST, OperationKind.FILE_FETCH);
    }

    @Override
    public Optional<HostCommand> command(HostOrder order) {
        FileArguments wanted = arguments(order);
        return stores.find(wanted.storeId())
                .flatMap(store -> root(order, wanted).map(volume -> command(order, store, volume, wanted.path())));
    }

    private static HostCommand command(HostOrder order, StoreRows.Row store, VolumeRoot volume, String path) {
        UUID id = order.id().value();
        UUID tenant = order.tenant().value();
        return order.kind() == OperationKind.FILES_LIST
                ? new HostCommand.ListFiles(id, order.deadline(), tenant, store.ref(), volume, path)
                : new HostCommand.FetchFile(id, order.deadline(), tenant, store.ref(), volume, path);
    }

    private Optional<VolumeRoot> root(HostOrder order, FileArguments wanted) {
        return roots.of(order.tenant(), order.targetId()).stream()
                .filter(root -> root.volumeId().equals(wanted.volumeId()))
                .findFirst();
    }

    @Override
    public Optional<CommandInput> input(HostOrder order) {
        return Optional.of(inputs.forReading(order, arguments(order).storeId()));
    }

    @Override
    public void brought(HostOrder order, int number, byte[] bytes, boolean last) throws RefusedOutputException {
        if (order.kind() != OperationKind.FILE_FETCH) {
            HostOrders.super.brought(order, number, bytes, last);
        }
        if (number == 0) {
            forget(order);
        }
        List<Long> sums = system.sql("""
                        update fetched_file set bytes = bytes + :length, pieces = pieces + 1, whole = :last
                        where tenant_id = :tenant and operation_id = :operation and pieces = :number and not whole
                        returning bytes
                        """)
                .param("length", bytes.length)
                .param("last", last)
                .param("tenant", order.tenant().value())
                .param("operation", order.id().value())
                .param("number", number)
                .query(Long.class)
                .list();
        if (sums.isEmpty()) {
            throw new RefusedOutputException(
                    "files.mixed-up", "The host sent parts of the file that do not fit together. Ask for it again.");
        }
        if (sums.get(0) > limits.largest()) {
            throw new RefusedOutputException(
                    "files.too-large",
                    "It is larger than " + amounts.format(limits.largest())
                            + ", and more is not downloaded in one go. Download less of it, or restore the volume to a VM and"
                            + " copy it there.");
        }
        pieces.add(system, order.tenant(), order.id(), number, bytes);
        if (number % TOLD_EACH == 0) {
            live.publishAsSystem(order.tenant(), LiveTopic.BACKUPS);
        }
    }

    @Override
    public void completed(HostOrder order, @Nullable CommandResult result) throws UnusableResultException {
        if (order.kind() == OperationKind.FILES_LIST) {
            list(order, result);
        } else {
            offer(order);
        }
        live.publishAsSystem(order.tenant(), LiveTopic.BACKUPS);
    }

    private void list(HostOrder order, @Nullable CommandResult result) throws UnusableResultException {
        if (!(result instanceof FilesListed listed) || listed.entries() == null) {
            throw new UnusableResultException("it did not say what it found.");
        }
        FileArguments wanted = arguments(order);
        system.sql("""
                        insert into point_folder (operation_id, tenant_id, point_id, volume_id, path, entries, truncated, read_at)
                        values (:operation, :tenant, :point, :volume, :path, :entries::jsonb, :truncated, :now)
                        on conflict (point_id, volume_id, md5(path)) do update set operation_id = excluded.operation_id,
                            path = excluded.path, entries = excluded.entries, truncated = excluded.truncated, read_at = excluded.read_at
                        """)
                .param("operation", order.id().value())
                .param("tenant", order.tenant().value())
                .param("point", order.targetId())
                .param("volume", wanted.volumeId())
                .param("path", wanted.path())
                .param("entries", Objects.requireNonNull(json.writeValueAsString(ListedEntries.usable(listed))))
                .param("truncated", ListedEntries.isTruncated(listed))
                .param("now", in(Duration.ZERO))
                .update();
    }

    private void offer(HostOrder order) throws UnusableResultException {
        int whole = system.sql("""
                        update fetched_file set expires_at = :expires
                        where tenant_id = :tenant and operation_id = :operation and whole
                        """)
                .param("expires", in(FileLimits.WAITS))
                .param("tenant", order.tenant().value())
                .param("operation", order.id().value())
                .update();
        if (whole == 0) {
            throw new UnusableResultException(
                    ProblemCode.FILE_INCOMPLETE,
                    "The host did not send the file to its end, and nothing of it was kept. Download it again; if it breaks off"
                            + " again, ask the provider.");
        }
    }

    /** What came of it is nothing to keep; that it failed is shown for a while. */
    @Override
    public void failed(HostOrder order, String code, String message) {
        if (order.kind() == OperationKind.FILE_FETCH) {
            forget(order);
            system.sql("update fetched_file set expires_at = :expires where operation_id = :operation")
                    .param("expires", in(FileLimits.WAITS))
                    .param("operation", order.id().value())
                    .update();
        }
        live.publishAsSystem(order.tenant(), LiveTopic.BACKUPS);
    }

    private void forget(HostOrder order) {
        system.sql("delete from fetched_piece where operation_id = :operation")
                .param("operation", order.id().value())
                .update();
        system.sql("update fetched_file set bytes = 0, pieces = 0, whole = false where operation_id = :operation")
                .param("operation", order.id().value())
                .update();
    }

    private FileArguments arguments(HostOrder order) {
        return json.readValue(order.arguments(), FileArguments.class);
    }

    private OffsetDateTime in(Duration time) {
        return clock.instant().plus(time).atOffset(ZoneOffset.UTC);
    }
}
