package cloud.freehold.portal.backup.web;

import cloud.freehold.api.command.CommandResult.FilesListed.Kind;
import cloud.freehold.portal.backup.Backups;
import cloud.freehold.portal.backup.FetchedFile;
import cloud.freehold.portal.backup.FilePath;
import cloud.freehold.portal.backup.FilePlace;
import cloud.freehold.portal.backup.Folder;
import cloud.freehold.portal.backup.PointFiles;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.operation.Accepted;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/**
 * Files of a point for programs: open a folder, wait for its operation, read it; ask for a file, wait for its operation, download it.
 */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/recovery-points/{pointId}")
class FilesApi {

    record Items<T>(List<T> items) {}

    /**
     * @param volumeId null: the point's first
     * @param path null: the top, which has a folder for each file system
     */
    record Place(@Nullable UUID volumeId, @Nullable String path) {}

    record Listing(UUID volumeId, String path, List<Entry> entries, boolean truncated, Instant readAt) {}

    record Entry(String name, String path, Kind kind, long sizeBytes, Instant modifiedAt) {}

    /** @param ready whether it can be downloaded */
    record Fetched(
            Operation operation,
            UUID volumeId,
            String path,
            String fileName,
            boolean folder,
            boolean ready,
            long bytes,
            @Nullable Long expectedBytes,
            Instant expiresAt,
            @Nullable Instant downloadedAt) {

        static Fetched of(FetchedFile file) {
            return new Fetched(
                    file.operation(),
                    file.volume(),
                    file.path().value(),
                    file.fileName(),
                    file.folder(),
                    file.isReady(),
                    file.bytes(),
                    file.expectedBytes(),
                    file.expiresAt(),
                    file.downloadedAt());
        }
    }

    private final Backups backups;
    private final PointFiles files;
    private final FilesOffer offer;

    FilesApi(Backups backups, PointFiles files, FilesOffer offer) {
        this.backups = backups;
        this.files = files;
        this.offer = offer;
    }

    @PostMapping("/files/open")
    @RequiresRole(Role.VIEWER)
    ResponseEntity<Operation> open(TenantScope scope, @PathVariable String pointId, @RequestBody Place wanted) {
        offer.require();
        return Accepted.of(scope, files.open(scope.tenantId(), place(scope, pointId, wanted)));
    }

    /** A folder that was opened within the last hour. */
    @GetMapping("/files")
    Listing list(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestParam(required = false) @Nullable UUID volumeId,
            @RequestParam(required = false) @Nullable String path) {
        offer.require();
        FilePlace place = place(scope, pointId, new Place(volumeId, path));
        Folder folder = files.folder(scope.tenantId(), place)
                .orElseThrow(
                        () -> new ConflictException(
                                "files.look-first",
                                "Nobody has looked into this folder within the last hour. Open it, and read it once the operation is done."));
        List<Entry> entries = folder.entries().stream()
                .map(entry -> new Entry(
                        entry.name(),
                        place.path().child(entry.name()).value(),
                        entry.kind(),
                        entry.sizeBytes(),
                        Instant.ofEpochSecond(entry.modifiedSeconds())))
                .toList();
        return new Listing(place.volume(), place.path().value(), entries, folder.truncated(), folder.readAt());
    }

    /** A file as it is, a folder as a tar. */
    @PostMapping("/files/fetch")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> fetch(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestBody Place wanted,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        offer.require();
        FilePlace place = place(scope, pointId, wanted);
        return Accepted.of(scope, files.fetch(scope.tenantId(), place, IdempotencyKey.check(key)));
    }

    @GetMapping("/fetched-files")
    Items<Fetched> fetched(TenantScope scope, @PathVariable String pointId) {
        return new Items<>(files.fetched(scope.tenantId(), PointId.of(pointId)).stream()
                .map(Fetched::of)
                .toList());
    }

    /** @param operationId the one that has brought it */
    @GetMapping("/fetched-files/{operationId}")
    @RequiresRole(Role.OPERATOR)
    void download(
            TenantScope scope,
            @PathVariable String pointId,
            @PathVariable String operationId,
            HttpServletResponse response)
            throws IOException {
        SavedAs.send(files, scope.tenantId(), PointId.of(pointId), OperationId.of(operationId), response);
    }

    @DeleteMapping("/fetched-files/{operationId}")
    @RequiresRole(Role.OPERATOR)
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void remove(TenantScope scope, @PathVariable String pointId, @PathVariable String operationId) {
        files.discard(scope.tenantId(), PointId.of(pointId), OperationId.of(operationId));
    }

    private FilePlace place(TenantScope scope, String pointId, Place wanted) {
        RecoveryPoint point = backups.point(scope.tenantId(), PointId.of(pointId));
        return new FilePlace(
                point.id(),
                point.volume(wanted.volumeId()).volumeId(),
                wanted.path() == null ? FilePath.TOP : FilePath.of(wanted.path()));
    }
}
