package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.ETags;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.Choices;
import cloud.freehold.portal.compute.VmCommand;
import cloud.freehold.portal.compute.VmDescription;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.operation.Accepted;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.util.List;
import org.jspecify.annotations.Nullable;
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
import org.springframework.web.bind.annotation.RestController;

/**
 * VMs for programs: the same commands as the pages. What changes a VM takes {@code If-Match} with its ETag, and what starts
 * an operation takes {@code Idempotency-Key}; both may be left out.
 */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}")
class VmApi {

    record Items<T>(List<T> items) {}

    /** Null in a change: as it is. */
    record Change(
            @Nullable String name,
            @Nullable String description,
            @Nullable Boolean deletionProtection) {}

    private final Vms vms;

    VmApi(Vms vms) {
        this.vms = vms;
    }

    @GetMapping("/vms")
    Items<VmView> list(TenantScope scope) {
        return new Items<>(vms.list(scope.tenantId()));
    }

    @GetMapping("/images")
    Items<Choices.Image> images(TenantScope scope) {
        return new Items<>(vms.choices(scope.tenantId()).images());
    }

    @GetMapping("/flavors")
    Items<Choices.Flavor> flavors(TenantScope scope) {
        return new Items<>(vms.choices(scope.tenantId()).flavors());
    }

    @GetMapping("/vms/{vmId}")
    ResponseEntity<VmView> get(TenantScope scope, @PathVariable String vmId) {
        VmView vm = vms.get(scope.tenantId(), VmId.of(vmId));
        return ResponseEntity.ok().eTag(ETags.of(vm.version())).body(vm);
    }

    @PostMapping("/vms")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> create(
            TenantScope scope,
            @RequestBody NewVmForm body,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        Operation operation = vms.create(scope.tenantId(), body.toCommand(), IdempotencyKey.check(key));
        return Accepted.of(scope, operation);
    }

    @PatchMapping("/vms/{vmId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<VmView> change(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestBody Change change,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        VmId id = VmId.of(vmId);
        VmView now = vms.get(scope.tenantId(), id);
        Long expected = ETags.version(ifMatch);
        vms.describe(
                scope.tenantId(),
                id,
                new VmDescription(
                        change.name() == null ? now.name() : change.name(),
                        change.description() == null ? now.description() : change.description(),
                        change.deletionProtection() == null ? now.deletionProtection() : change.deletionProtection()),
                expected == null ? Long.valueOf(now.version()) : expected);
        return get(scope, vmId);
    }

    @PostMapping("/vms/{vmId}/{command:start|stop|reboot|force-off}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> command(
            TenantScope scope,
            @PathVariable String vmId,
            @PathVariable String command,
            @RequestParam(defaultValue = "false") boolean force,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        VmCommand asked = VmCommand.of(command).orElseThrow(() -> new NotFoundException("A VM has no such command."));
        return Accepted.of(
                scope,
                vms.command(
                        scope.tenantId(),
                        VmId.of(vmId),
                        asked,
                        force,
                        ETags.version(ifMatch),
                        IdempotencyKey.check(key)));
    }

    @DeleteMapping("/vms/{vmId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Operation> delete(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        return Accepted.of(
                scope,
                vms.delete(scope.tenantId(), VmId.of(vmId), null, ETags.version(ifMatch), IdempotencyKey.check(key)));
    }
}
