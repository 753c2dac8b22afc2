package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.command.CommandResult.FilesListed.Entry;
import cloud.freehold.api.command.CommandResult.FilesListed.Kind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.backup.FetchedFile;
import cloud.freehold.portal.backup.FilePlace;
import cloud.freehold.portal.backup.Folder;
import cloud.freehold.portal.backup.PointFiles;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.common.Bytes;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

@Component
@Transactional
class StoredPointFiles implements PointFiles {

    private static final Duration TOLD = Duration.ofMinutes(15);

    private final PointReader points;
    private final ListedFolders folders;
    private final FetchedFiles files;
    private final FilePieces pieces;
    private final FileOrdering ordering;
    private final FileLimits limits;
    private final Operations operations;
    private final AuditTrail audit;
    private final Bytes bytes;
    private final Clock clock;

    StoredPointFiles(
            PointReader points,
            ListedFolders folders,
            FetchedFiles files,
            FilePieces pieces,
            FileOrdering ordering,
            FileLimits limits,
            Operations operations,
            AuditTrail audit,
            Bytes bytes,
            Clock clock) {
        this.points = points;
        this.folders = folders;
        this.files = files;
        this.pieces = pieces;
        this.ordering = ordering;
        this.limits = limits;
        this.operations = operations;
        this.audit = audit;
        this.bytes = bytes;
        this.clock = clock;
    }

    @Override
    @Transactional(readOnly = true)
    public Optional<Folder> folder(TenantId tenant, FilePlace place) {
        return folders.find(tenant, place, clock.instant().minus(FileLimits.LISTED));
    }

    @Override
    @Transactional(readOnly = true)
    public Optional<Operation> opening(TenantId tenant, FilePlace place) {
        return folders.latest(tenant, place, clock.instant().minus(TOLD));
    }

    @Override
    public Operation open(TenantId tenant, FilePlace place) {
        RecoveryPoint point = usable(tenant, place);
        return opening(tenant, place)
                .filter(operation -> operation.state().isOpen())
                .orElseGet(() -> ordering.order(tenant, point, place, OperationKind.FILES_LIST, null));
    }

    @Override
    public void stopOpening(TenantId tenant, PointId point) {
        points.point(tenant, point);
        folders.open(tenant, point).ifPresent(operation -> operations.cancel(tenant, operation));
    }

    @Override
    public Operation fetch(TenantId tenant, FilePlace place, @Nullable String key) {
        Optional<Operation> earlier = key == null
                ? Optional.empty()
                : operations.earlier(
                        tenant, key, OperationKind.FILE_FETCH, place.point().value());
        return earlier.orElseGet(() -> fetch(tenant, usable(tenant, place), place, key));
    }

    private Operation fetch(TenantId tenant, RecoveryPoint point, FilePlace place, @Nullable String key) {
        ordering.lock(tenant, point);
        Entry entry = entry(tenant, place);
        if (entry.kind() == Kind.FILE && entry.sizeBytes() > limits.largest()) {
            throw new ConflictException(
                    "files.too-large",
                    place.path().name() + " has " + bytes.format(entry.sizeBytes()) + ", and at most "
                            + bytes.format(limits.largest())
                            + " are downloaded in one go. Restore the volume to a VM, and copy it there.");
        }
        if (operations.isOpen(tenant, point.id().value(), EnumSet.of(OperationKind.FILE_FETCH))) {
            throw new ConflictException(
                    "files.busy",
                    "Another file is being brought out of this point. Wait until it is there, or give it up.");
        }
        if (files.count(tenant) >= FileLimits.MOST_WAITING) {
            throw new CapacityException(
                    "files.too-many",
                    FileLimits.MOST_WAITING
                            + " files wait to be downloaded already. Download or remove one of them first.");
        }
        Operation started = ordering.order(tenant, point, place, OperationKind.FILE_FETCH, key);
        boolean folder = entry.kind() == Kind.FOLDER;
        files.add(
                tenant,
                place,
                folder,
                entry.kind() == Kind.FILE ? entry.sizeBytes() : null,
                started.id(),
                OperationKind.FILE_FETCH.limit().plus(FileLimits.WAITS));
        record(tenant, "file.requested", place, started);
        return started;
    }

    /** As a host has listed it in the folder that holds it. */
    private Entry entry(TenantId tenant, FilePlace place) {
        Folder folder = folder(tenant, place.in(place.path().parent()))
                .filter(listed -> !place.path().isTop())
                .orElseThrow(() -> new ConflictException(
                        "files.look-first",
                        "Its folder was looked into too long ago. Open the folder, and download it from there."));
        return folder.entries().stream()
                .filter(each -> each.name().equals(place.path().name()) && each.kind() != Kind.OTHER)
                .findFirst()
                .orElseThrow(
                        () -> new NotFoundException(
                                "There is no such file in the folder, or it is a device and holds nothing. Open the folder again."));
    }

    @Override
    @Transactional(readOnly = true)
    public List<FetchedFile> fetched(TenantId tenant, PointId point) {
        points.point(tenant, point);
        return files.of(tenant, point);
    }

    @Override
    public FetchedFile download(TenantId tenant, PointId point, OperationId operation) {
        FetchedFile file = files.get(tenant, point, operation);
        if (!file.isReady()) {
            throw new ConflictException(
                    "files.not-ready",
                    file.path().name() + " is not there"
                            + (file.operation().state().isOpen() ? " yet. Wait until the host has sent it." : "."));
        }
        record(tenant, "file.downloaded", new FilePlace(point, file.volume(), file.path()), file.operation());
        return file;
    }

    @Override
    @Transactional(propagation = Propagation.NOT_SUPPORTED)
    public void write(TenantId tenant, FetchedFile file, OutputStream to) throws IOException {
        pieces.write(tenant, file, to);
        ordering.inTenant(tenant, () -> files.downloaded(tenant, file));
    }

    @Override
    public void discard(TenantId tenant, PointId point, OperationId operation) {
        FetchedFile file = files.get(tenant, point, operation);
        if (file.operation().isCancellable()) {
            operations.cancel(tenant, operation);
        }
        files.remove(tenant, operation);
    }

    private RecoveryPoint usable(TenantId tenant, FilePlace place) {
        RecoveryPoint point = points.point(tenant, place.point());
        point.volume(place.volume());
        if (point.isRemoved()) {
            throw new ConflictException(
                    "backup.removed", "This recovery point was removed. Bring it back before you look into it.");
        }
        return point;
    }

    private void record(TenantId tenant, String action, FilePlace place, Operation operation) {
        audit.record(
                tenant,
                AuditEntry.of(action, "recovery-point", place.point().value(), operation.targetName())
                        .after(Map.of(
                                "path", place.path().value(),
                                "volume", place.volume(),
                                "operation", operation.id().toString())));
    }
}
