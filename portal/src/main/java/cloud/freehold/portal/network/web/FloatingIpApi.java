package cloud.freehold.portal.network.web;

import cloud.freehold.portal.common.ETags;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.network.ExternalNetwork;
import cloud.freehold.portal.network.FloatingIp;
import cloud.freehold.portal.network.FloatingIpId;
import cloud.freehold.portal.network.FloatingIps;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Floating IPs for programs, and the external networks that they are of. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}")
class FloatingIpApi {

    record External(String id, String name, String prefix) {

        static External of(ExternalNetwork network) {
            return new External(network.id().toString(), network.name(), network.prefix());
        }
    }

    record Allocation(@Nullable String externalNetwork) {}

    /** @param nic null: nobody's */
    record Holding(@Nullable String nic) {}

    /**
     * @param nic null: it is attached to none
     * @param inside the NIC's own address that it stands for
     * @param enforced whether the NIC's host has the last change
     */
    record Detail(
            String id,
            String address,
            External externalNetwork,
            long version,
            @Nullable String nic,
            @Nullable String vm,
            @Nullable String inside,
            boolean enforced) {

        static Detail of(FloatingIp ip) {
            FloatingIp.Holder holder = ip.holder();
            return new Detail(
                    ip.id().toString(),
                    ip.address(),
                    External.of(ip.network()),
                    ip.version(),
                    holder == null ? null : holder.nicId().toString(),
                    holder == null ? null : holder.vm(),
                    holder == null ? null : holder.inside(),
                    ip.progress().isEnforced());
        }
    }

    private final FloatingIps floatingIps;

    FloatingIpApi(FloatingIps floatingIps) {
        this.floatingIps = floatingIps;
    }

    @GetMapping("/external-networks")
    Items<External> externalNetworks(TenantScope scope) {
        return new Items<>(
                floatingIps.externalNetworks().stream().map(External::of).toList());
    }

    @GetMapping("/floating-ips")
    Items<Detail> list(TenantScope scope) {
        return new Items<>(
                floatingIps.list(scope.tenantId()).stream().map(Detail::of).toList());
    }

    @GetMapping("/floating-ips/{floatingIpId}")
    ResponseEntity<Detail> get(TenantScope scope, @PathVariable String floatingIpId) {
        return answer(ResponseEntity.ok(), scope, FloatingIpId.of(floatingIpId));
    }

    @PostMapping("/floating-ips")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> allocate(
            TenantScope scope,
            @RequestBody Allocation body,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        FloatingIpId id = floatingIps.allocate(
                scope.tenantId(), FormText.external(body.externalNetwork()), IdempotencyKey.check(key));
        URI location = URI.create("/api/v1/tenants/" + scope.slug() + "/floating-ips/" + id);
        return answer(ResponseEntity.created(location), scope, id);
    }

    @PutMapping("/floating-ips/{floatingIpId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> hold(
            TenantScope scope,
            @PathVariable String floatingIpId,
            @RequestBody Holding body,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        FloatingIpId id = FloatingIpId.of(floatingIpId);
        if (body.nic() == null) {
            floatingIps.detach(scope.tenantId(), id, ETags.version(ifMatch));
        } else {
            floatingIps.attach(scope.tenantId(), id, FormText.nic(body.nic()), ETags.version(ifMatch));
        }
        return answer(ResponseEntity.ok(), scope, id);
    }

    @DeleteMapping("/floating-ips/{floatingIpId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Void> release(
            TenantScope scope,
            @PathVariable String floatingIpId,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        floatingIps.release(scope.tenantId(), FloatingIpId.of(floatingIpId), ETags.version(ifMatch));
        return ResponseEntity.noContent().build();
    }

    private ResponseEntity<Detail> answer(ResponseEntity.BodyBuilder answer, TenantScope scope, FloatingIpId id) {
        FloatingIp ip = floatingIps.get(scope.tenantId(), id);
        return answer.eTag(ETags.of(ip.version())).body(Detail.of(ip));
    }
}
