package cloud.freehold.portal.backup.web;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandResult.Damage;
import cloud.freehold.portal.backup.BackupHealth;
import cloud.freehold.portal.backup.Backups;
import cloud.freehold.portal.backup.Drill;
import cloud.freehold.portal.backup.DrillId;
import cloud.freehold.portal.backup.NewBackup;
import cloud.freehold.portal.backup.PointFilter;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.backup.Restores;
import cloud.freehold.portal.backup.Store;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.backup.Upkeep;
import cloud.freehold.portal.backup.VmHealth;
import cloud.freehold.portal.common.ETags;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.operation.Accepted;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
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
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Recovery points for programs. What starts an operation takes {@code Idempotency-Key}, what changes a point {@code If-Match}. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}")
class PointApi {

    private static final int MOST = 200;

    record Items<T>(List<T> items) {}

    record BackupRequest(
            @Nullable StoreRef store,
            @Nullable Consistency wanted,
            @Nullable Consistency acceptable,
            @Nullable Integer freezeLimitMillis,
            @Nullable String note) {}

    record StoreRef(@Nullable UUID id) {}

    /** Null: as it is. */
    record Change(@Nullable String note, @Nullable Boolean isProtected) {}

    record InPlaceRequest(
            @Nullable Boolean keepPresent, @Nullable Boolean forceOff) {}

    record NewVmRequest(
            @Nullable String name,
            @Nullable String description,
            @Nullable UUID flavorId,
            @Nullable UUID networkId,
            @Nullable List<UUID> securityGroupIds,
            @Nullable Boolean live) {}

    record VolumeRequest(
            @Nullable UUID volumeId,
            @Nullable UUID vmId,
            @Nullable String name) {}

    record DrillRequest(@Nullable Integer port, @Nullable String path) {}

    private final Backups backups;
    private final BackupHealth health;
    private final Restores restores;
    private final Upkeep upkeep;

    PointApi(Backups backups, BackupHealth health, Restores restores, Upkeep upkeep) {
        this.backups = backups;
        this.health = health;
        this.restores = restores;
        this.upkeep = upkeep;
    }

    @GetMapping("/backup-stores")
    Items<Store> stores(TenantScope scope) {
        return new Items<>(backups.stores(scope.tenantId()));
    }

    /** Each VM's latest point against its objective. */
    @GetMapping("/backup-health")
    Items<VmHealth> health(TenantScope scope) {
        return new Items<>(health.all(scope.tenantId()));
    }

    @PostMapping("/vms/{vmId}/backups")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> backUp(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestBody BackupRequest wanted,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        UUID store = wanted.store() == null ? null : wanted.store().id();
        NewBackup backup = NewBackup.byHand(
                VmId.of(vmId),
                store == null ? null : new StoreId(store),
                Objects.requireNonNullElse(wanted.wanted(), Consistency.FILESYSTEM),
                Objects.requireNonNullElse(wanted.acceptable(), Consistency.CRASH),
                Objects.requireNonNullElse(wanted.note(), ""));
        if (wanted.freezeLimitMillis() != null) {
            backup = backup.freezingFor(wanted.freezeLimitMillis());
        }
        return Accepted.of(scope, backups.backUp(scope.tenantId(), backup, IdempotencyKey.check(key)));
    }

    @GetMapping("/recovery-points")
    KeysetPage<RecoveryPoint> points(
            TenantScope scope,
            @RequestParam(required = false) @Nullable String vm,
            @RequestParam(required = false) @Nullable String policy,
            @RequestParam(defaultValue = "false") boolean removed,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(defaultValue = "50") int limit) {
        return backups.points(
                scope.tenantId(),
                new PointFilter(
                        vm == null ? null : VmId.of(vm),
                        policy == null ? null : PolicyId.of(policy),
                        removed,
                        after == null ? null : PointId.of(after),
                        checked(limit)));
    }

    private static int checked(int limit) {
        if (limit < 1 || limit > MOST) {
            throw InvalidInputException.field("request.limit", "limit", "The limit lies between 1 and " + MOST + ".");
        }
        return limit;
    }

    @GetMapping("/recovery-points/{pointId}")
    ResponseEntity<RecoveryPoint> point(TenantScope scope, @PathVariable String pointId) {
        RecoveryPoint point = backups.point(scope.tenantId(), PointId.of(pointId));
        return ResponseEntity.ok().eTag(ETags.of(point.version())).body(point);
    }

    @GetMapping("/recovery-points/{pointId}/damages")
    Items<Damage> damages(TenantScope scope, @PathVariable String pointId) {
        return new Items<>(backups.damages(scope.tenantId(), PointId.of(pointId)));
    }

    @PatchMapping("/recovery-points/{pointId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<RecoveryPoint> change(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestBody Change change,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        PointId id = PointId.of(pointId);
        RecoveryPoint now = backups.point(scope.tenantId(), id);
        Long expected = ETags.version(ifMatch);
        backups.describe(
                scope.tenantId(),
                id,
                change.note() == null ? now.note() : change.note(),
                change.isProtected() == null ? now.isProtected() : change.isProtected(),
                expected == null ? Long.valueOf(now.version()) : expected);
        return point(scope, pointId);
    }

    @DeleteMapping("/recovery-points/{pointId}")
    @RequiresRole(Role.OPERATOR)
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void remove(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        backups.remove(scope.tenantId(), PointId.of(pointId), ETags.version(ifMatch));
    }

    @PostMapping("/recovery-points/{pointId}/bring-back")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<RecoveryPoint> bringBack(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        backups.bringBack(scope.tenantId(), PointId.of(pointId), ETags.version(ifMatch));
        return point(scope, pointId);
    }

    @PostMapping("/recovery-points/{pointId}/restore")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> inPlace(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestBody InPlaceRequest wanted,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        return Accepted.of(
                scope,
                restores.inPlace(
                        scope.tenantId(),
                        PointId.of(pointId),
                        new Restores.InPlace(
                                null,
                                !Boolean.FALSE.equals(wanted.keepPresent()),
                                Boolean.TRUE.equals(wanted.forceOff())),
                        IdempotencyKey.check(key)));
    }

    @PostMapping("/recovery-points/{pointId}/restore-to-new-vm")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> toNewVm(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestBody NewVmRequest wanted,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        return Accepted.of(
                scope,
                restores.toNewVm(
                        scope.tenantId(),
                        PointId.of(pointId),
                        new Restores.ToNewVm(
                                Objects.requireNonNullElse(wanted.name(), ""),
                                Objects.requireNonNullElse(wanted.description(), ""),
                                wanted.flavorId(),
                                wanted.networkId() == null ? null : new NetworkId(wanted.networkId()),
                                wanted.securityGroupIds() == null
                                        ? null
                                        : wanted.securityGroupIds().stream()
                                                .filter(Objects::nonNull)
                                                .map(SecurityGroupId::new)
                                                .distinct()
                                                .toList(),
                                !Boolean.FALSE.equals(wanted.live())),
                        IdempotencyKey.check(key)));
    }

    @PostMapping("/recovery-points/{pointId}/restore-volume")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> volume(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestBody VolumeRequest wanted,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        if (wanted.volumeId() == null) {
            throw InvalidInputException.field("restore.volume", "volumeId", "Name one of the point's volumes.");
        }
        if (wanted.vmId() == null) {
            throw InvalidInputException.field("restore.vm", "vmId", "Name the VM that gets the volume.");
        }
        return Accepted.of(
                scope,
                restores.volume(
                        scope.tenantId(),
                        PointId.of(pointId),
                        new Restores.ToVolume(
                                wanted.volumeId(),
                                new VmId(wanted.vmId()),
                                Objects.requireNonNullElse(wanted.name(), "restored")),
                        IdempotencyKey.check(key)));
    }

    @PostMapping("/recovery-points/{pointId}/verify")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> verify(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        return Accepted.of(scope, upkeep.verify(scope.tenantId(), PointId.of(pointId), IdempotencyKey.check(key)));
    }

    @PostMapping("/recovery-points/{pointId}/drill")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> drill(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestBody DrillRequest wanted,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        Upkeep.Check check = wanted.port() == null ? null : new Upkeep.Check(wanted.port(), wanted.path());
        return Accepted.of(
                scope, upkeep.drill(scope.tenantId(), PointId.of(pointId), check, IdempotencyKey.check(key)));
    }

    @GetMapping("/restore-drills")
    KeysetPage<Drill> drills(
            TenantScope scope,
            @RequestParam(required = false) @Nullable String point,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(defaultValue = "50") int limit) {
        return upkeep.drills(
                scope.tenantId(),
                point == null ? null : PointId.of(point),
                after == null ? null : DrillId.of(after),
                checked(limit));
    }
}
