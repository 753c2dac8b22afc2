package cloud.freehold.portal.network.web;

import cloud.freehold.portal.common.ETags;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.hostlink.HostProgress;
import cloud.freehold.portal.network.Router;
import cloud.freehold.portal.network.RouterId;
import cloud.freehold.portal.network.RouterSpec;
import cloud.freehold.portal.network.Routers;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.net.URI;
import java.util.List;
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

/**
 * Routers for programs. A router is read and written whole: a change sends name, networks and routes with {@code If-Match}.
 */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/routers")
class RouterApi {

    record Route(@Nullable String prefix, @Nullable String nextHop) {}

    /** @param sourceNat null: no */
    record Outside(
            @Nullable String externalNetwork, @Nullable Boolean sourceNat) {}

    /** @param outside null: it leads nowhere beyond its networks */
    record Body(
            @Nullable String name,
            @Nullable List<@Nullable String> networks,
            @Nullable List<@Nullable Route> routes,
            @Nullable Outside outside) {}

    record Joined(String id, String name, List<String> prefixes) {}

    /**
     * @param sharedAddresses what NICs without a floating IP are seen by, with source NAT
     * @param hosts how many hosts have to know the router; {@code enforced}: how many have its last change
     */
    record Detail(
            String id,
            String name,
            long version,
            List<Joined> networks,
            List<Route> routes,
            @Nullable Outside outside,
            List<String> sharedAddresses,
            int hosts,
            int enforced) {

        static Detail of(Router router) {
            HostProgress progress = router.progress();
            Router.Outside outside = router.outside();
            return new Detail(
                    router.id().toString(),
                    router.name(),
                    router.version(),
                    router.networks().stream()
                            .map(joined -> new Joined(joined.id().toString(), joined.name(), joined.prefixes()))
                            .toList(),
                    router.routes().stream()
                            .map(hop -> new Route(hop.prefix(), hop.nextHop()))
                            .toList(),
                    outside == null ? null : new Outside(outside.network().id().toString(), outside.sourceNat()),
                    outside == null ? List.of() : outside.addresses(),
                    progress.hosts(),
                    progress.applied());
        }
    }

    private final Routers routers;

    RouterApi(Routers routers) {
        this.routers = routers;
    }

    @GetMapping
    Items<Detail> list(TenantScope scope) {
        return new Items<>(
                routers.list(scope.tenantId()).stream().map(Detail::of).toList());
    }

    @GetMapping("/{routerId}")
    ResponseEntity<Detail> get(TenantScope scope, @PathVariable String routerId) {
        return answer(ResponseEntity.ok(), routers.get(scope.tenantId(), RouterId.of(routerId)));
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> create(
            TenantScope scope,
            @RequestBody Body body,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        RouterId id = routers.create(scope.tenantId(), spec(body), IdempotencyKey.check(key));
        URI location = URI.create("/api/v1/tenants/" + scope.slug() + "/routers/" + id);
        return answer(ResponseEntity.created(location), routers.get(scope.tenantId(), id));
    }

    @PutMapping("/{routerId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> replace(
            TenantScope scope,
            @PathVariable String routerId,
            @RequestBody Body body,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        RouterId id = RouterId.of(routerId);
        routers.replace(scope.tenantId(), id, spec(body), ETags.version(ifMatch));
        return answer(ResponseEntity.ok(), routers.get(scope.tenantId(), id));
    }

    @DeleteMapping("/{routerId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Void> delete(
            TenantScope scope,
            @PathVariable String routerId,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        routers.delete(scope.tenantId(), RouterId.of(routerId), ETags.version(ifMatch));
        return ResponseEntity.noContent().build();
    }

    private static ResponseEntity<Detail> answer(ResponseEntity.BodyBuilder answer, Router router) {
        return answer.eTag(ETags.of(router.version())).body(Detail.of(router));
    }

    private static RouterSpec spec(Body body) {
        List<@Nullable String> networks = body.networks() == null ? List.of() : body.networks();
        List<@Nullable Route> routes = body.routes() == null ? List.of() : body.routes();
        return new RouterSpec(
                FormText.text(body.name()),
                networks.stream().map(id -> FormText.network("networks", id)).toList(),
                routes.stream().map(RouterApi::route).toList(),
                outside(body.outside()));
    }

    private static RouterSpec.@Nullable Outside outside(@Nullable Outside outside) {
        return outside == null
                ? null
                : new RouterSpec.Outside(
                        FormText.external(outside.externalNetwork()), Boolean.TRUE.equals(outside.sourceNat()));
    }

    private static RouterSpec.Route route(@Nullable Route route) {
        if (route == null) {
            throw InvalidInputException.field("router.route", "routes", "A route is null. Leave it out.");
        }
        return new RouterSpec.Route(FormText.text(route.prefix()), FormText.text(route.nextHop()));
    }
}
