package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.ETags;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.compute.NicPlug;
import cloud.freehold.portal.compute.NicView;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmNics;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.network.NicSettings;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.net.URI;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
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
import org.springframework.web.bind.annotation.RestController;

/** A VM's NICs for programs. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/vms/{vmId}/nics")
class NicApi {

    record Items(List<Detail> items) {}

    /** @param securityGroups null or empty: the tenant's default group */
    record New(@Nullable String network, @Nullable List<String> securityGroups) {}

    /** Null: as it is. */
    record Change(@Nullable Boolean portSecurity, @Nullable List<@Nullable String> allowedAddresses) {}

    /** @param plug how far it has come into the machine; {@code enforced}: its packets are judged by what was saved last */
    record Detail(
            UUID id,
            long version,
            String name,
            String network,
            String mac,
            List<String> addresses,
            boolean portSecurity,
            List<String> allowedAddresses,
            List<String> securityGroups,
            NicPlug plug,
            boolean enforced,
            @Nullable String problem,
            long rxPackets,
            long rxBytes,
            long txPackets,
            long txBytes,
            long drops,
            long connections) {

        static Detail of(NicView nic) {
            return new Detail(
                    nic.id(),
                    nic.version(),
                    nic.name(),
                    nic.networkId().toString(),
                    nic.mac(),
                    nic.addresses(),
                    nic.portSecurity(),
                    nic.allowedAddresses(),
                    nic.securityGroups(),
                    nic.plug(),
                    nic.isEnforced(),
                    nic.problem(),
                    nic.rxPackets(),
                    nic.rxBytes(),
                    nic.txPackets(),
                    nic.txBytes(),
                    nic.drops(),
                    nic.connections());
        }
    }

    private final Vms vms;
    private final VmNics nics;

    NicApi(Vms vms, VmNics nics) {
        this.vms = vms;
        this.nics = nics;
    }

    @GetMapping
    Items list(TenantScope scope, @PathVariable String vmId) {
        VmId id = VmId.of(vmId);
        vms.get(scope.tenantId(), id);
        return new Items(vms.nics(scope.tenantId(), id).stream().map(Detail::of).toList());
    }

    @GetMapping("/{nicId}")
    ResponseEntity<Detail> get(TenantScope scope, @PathVariable String vmId, @PathVariable String nicId) {
        return answer(ResponseEntity.ok(), nics.get(scope.tenantId(), VmId.of(vmId), Ids.parse(nicId)));
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> add(
            TenantScope scope,
            @PathVariable String vmId,
            @RequestBody New body,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        VmId id = VmId.of(vmId);
        NewNicForm form = new NewNicForm(body.network(), body.securityGroups(), null);
        UUID nic = nics.add(scope.tenantId(), id, form.networkId(), form.groupIds(), IdempotencyKey.check(key));
        URI location = URI.create("/api/v1/tenants/" + scope.slug() + "/vms/" + id + "/nics/" + nic);
        return answer(ResponseEntity.created(location), nics.get(scope.tenantId(), id, nic));
    }

    @PatchMapping("/{nicId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> change(
            TenantScope scope,
            @PathVariable String vmId,
            @PathVariable String nicId,
            @RequestBody Change change,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        VmId id = VmId.of(vmId);
        UUID nic = Ids.parse(nicId);
        NicView now = nics.get(scope.tenantId(), id, nic);
        Long expected = ETags.version(ifMatch);
        List<String> allowed = change.allowedAddresses() == null
                ? now.allowedAddresses()
                : change.allowedAddresses().stream()
                        .map(text -> Objects.requireNonNullElse(text, ""))
                        .toList();
        nics.change(
                scope.tenantId(),
                id,
                nic,
                new NicSettings(change.portSecurity() == null ? now.portSecurity() : change.portSecurity(), allowed),
                expected == null ? Long.valueOf(now.version()) : expected);
        return get(scope, vmId, nicId);
    }

    @DeleteMapping("/{nicId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Void> remove(
            TenantScope scope,
            @PathVariable String vmId,
            @PathVariable String nicId,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        nics.remove(scope.tenantId(), VmId.of(vmId), Ids.parse(nicId), ETags.version(ifMatch));
        return ResponseEntity.noContent().build();
    }

    private static ResponseEntity<Detail> answer(ResponseEntity.BodyBuilder answer, NicView nic) {
        return answer.eTag(ETags.of(nic.version())).body(Detail.of(nic));
    }
}
