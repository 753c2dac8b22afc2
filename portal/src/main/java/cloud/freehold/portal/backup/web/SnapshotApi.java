package cloud.freehold.portal.backup.web;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.Snapshot;
import cloud.freehold.portal.backup.SnapshotId;
import cloud.freehold.portal.backup.Snapshots;
import cloud.freehold.portal.backup.Snapshots.NewSnapshot;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.operation.Accepted;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Snapshots for programs. What starts an operation takes {@code Idempotency-Key}. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}")
class SnapshotApi {

    record Items(List<Snapshot> items) {}

    /** @param alsoVms further VMs of the same host, at the same moment */
    record Wanted(
            @Nullable String name,
            @Nullable String description,
            @Nullable Boolean withMemory,
            @Nullable List<UUID> alsoVms,
            @Nullable Consistency wanted,
            @Nullable Consistency acceptable) {}

    record Change(@Nullable String description) {}

    private final Vms vms;
    private final Snapshots snapshots;

    SnapshotApi(Vms vms, Snapshots snapshots) {
        this.vms = vms;
        this.snapshots = snapshots;
    }

    /** In the order of the tree: each below the one that it builds upon. */
    @GetMapping("/vms/{vmId}/snapshots")
    Items list(TenantScope scope, @PathVariable String vmId) {
        VmId vm = vms.get(scope.tenantId(), VmId.of(vmId)).id();
        return new Items(snapshots.of(scope.tenantId(), vm));
    }

    @PostMapping("/vms/{vmId}/snapshots")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> take(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestBody Wanted wanted,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        List<VmId> targets = new ArrayList<>(List.of(VmId.of(vmId)));
        Objects.requireNonNullElse(wanted.alsoVms(), List.<UUID>of()).stream()
                .filter(Objects::nonNull)
                .map(VmId::new)
                .forEach(targets::add);
        return Accepted.of(
                scope,
                snapshots.take(
                        scope.tenantId(),
                        new NewSnapshot(
                                targets,
                                Objects.requireNonNullElse(wanted.name(), ""),
                                Objects.requireNonNullElse(wanted.description(), ""),
                                Boolean.TRUE.equals(wanted.withMemory()),
                                Objects.requireNonNullElse(wanted.wanted(), Consistency.FILESYSTEM),
                                Objects.requireNonNullElse(wanted.acceptable(), Consistency.CRASH)),
                        IdempotencyKey.check(key)));
    }

    @PostMapping("/snapshots/{snapshotId}/roll-back")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> rollBack(
            TenantScope scope,
            @PathVariable String snapshotId,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        return Accepted.of(
                scope,
                snapshots.rollBack(scope.tenantId(), SnapshotId.of(snapshotId), null, IdempotencyKey.check(key)));
    }

    @PatchMapping("/snapshots/{snapshotId}")
    @RequiresRole(Role.OPERATOR)
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void describe(TenantScope scope, @PathVariable String snapshotId, @RequestBody Change change) {
        if (change.description() != null) {
            snapshots.describe(scope.tenantId(), SnapshotId.of(snapshotId), change.description());
        }
    }

    @DeleteMapping("/snapshots/{snapshotId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> delete(
            TenantScope scope,
            @PathVariable String snapshotId,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        return Accepted.of(
                scope, snapshots.delete(scope.tenantId(), SnapshotId.of(snapshotId), IdempotencyKey.check(key)));
    }
}
