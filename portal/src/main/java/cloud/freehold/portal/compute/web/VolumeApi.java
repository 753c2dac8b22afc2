package cloud.freehold.portal.compute.web;

import cloud.freehold.api.observed.ObservedVm.GuestDisk;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.compute.VolumeView;
import cloud.freehold.portal.compute.Volumes;
import cloud.freehold.portal.compute.Volumes.StoragePool;
import cloud.freehold.portal.operation.Accepted;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** A VM's disks for programs. What starts an operation takes {@code Idempotency-Key}. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/vms/{vmId}/volumes")
class VolumeApi {

    /** @param pools of the VM's host, that a volume can be moved to */
    record Items(List<Detail> items, List<String> pools) {}

    /**
     * @param guest how the guest uses it; null: it did not tell
     * @param advice what the guest should do otherwise, and how
     */
    record Detail(
            UUID id,
            String name,
            String device,
            long sizeBytes,
            @Nullable String pool,
            @Nullable GuestDisk guest,
            List<String> advice) {

        static Detail of(VolumeView volume) {
            return new Detail(
                    volume.id(),
                    volume.name(),
                    volume.device(),
                    volume.sizeBytes(),
                    volume.pool(),
                    volume.guest(),
                    volume.advice());
        }
    }

    record Move(@Nullable String pool) {}

    private final Vms vms;
    private final Volumes volumes;

    VolumeApi(Vms vms, Volumes volumes) {
        this.vms = vms;
        this.volumes = volumes;
    }

    @GetMapping
    Items list(TenantScope scope, @PathVariable String vmId) {
        VmId id = vms.get(scope.tenantId(), VmId.of(vmId)).id();
        return new Items(
                volumes.of(scope.tenantId(), id).stream().map(Detail::of).toList(),
                volumes.pools(scope.tenantId(), id).stream()
                        .map(StoragePool::name)
                        .toList());
    }

    @PostMapping("/{volumeId}/move")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> move(
            TenantScope scope,
            @PathVariable String vmId,
            @PathVariable String volumeId,
            @RequestBody Move move,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        return Accepted.of(
                scope,
                volumes.move(
                        scope.tenantId(),
                        VmId.of(vmId),
                        Ids.parse(volumeId),
                        Objects.requireNonNullElse(move.pool(), ""),
                        IdempotencyKey.check(key)));
    }
}
