package cloud.freehold.portal.network.web;

import cloud.freehold.portal.common.ETags;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.NetworkNic;
import cloud.freehold.portal.network.NetworkSpec;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.SubnetSpec;
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
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Networks for programs. A network is read and written whole: a change sends name and subnets with {@code If-Match}; a
 * subnet whose prefix is not sent again goes, with the addresses that NICs have in it.
 */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/networks")
class NetworkApi {

    /** @param gateway null: the first address; {@code dhcp} null: yes */
    record Subnet(
            @Nullable String prefix,
            @Nullable String gateway,
            @Nullable List<@Nullable String> dnsServers,
            @Nullable Boolean dhcp) {}

    record Body(@Nullable String name, @Nullable List<@Nullable Subnet> subnets) {}

    /** @param size null: more than anybody counts */
    record SubnetDetail(
            String prefix,
            String gateway,
            List<String> dnsServers,
            boolean dhcp,
            long used,
            @Nullable Long size) {}

    /** @param hosts how many hosts have to know the network; {@code enforced}: how many have its last change */
    record Detail(
            String id,
            String name,
            long version,
            int vni,
            int mtu,
            List<SubnetDetail> subnets,
            @Nullable String router,
            int nics,
            int hosts,
            int enforced) {

        static Detail of(Network network) {
            return new Detail(
                    network.id().toString(),
                    network.name(),
                    network.version(),
                    network.vni(),
                    network.mtu(),
                    network.subnets().stream()
                            .map(subnet -> new SubnetDetail(
                                    subnet.prefix(),
                                    subnet.gateway(),
                                    subnet.dnsServers(),
                                    subnet.dhcp(),
                                    subnet.used(),
                                    subnet.size()))
                            .toList(),
                    network.router() == null ? null : network.router().id().toString(),
                    network.nics(),
                    network.progress().hosts(),
                    network.progress().applied());
        }
    }

    private final Networks networks;

    NetworkApi(Networks networks) {
        this.networks = networks;
    }

    @GetMapping
    Items<Detail> list(TenantScope scope) {
        return new Items<>(
                networks.list(scope.tenantId()).stream().map(Detail::of).toList());
    }

    @GetMapping("/{networkId}")
    ResponseEntity<Detail> get(TenantScope scope, @PathVariable String networkId) {
        return answer(ResponseEntity.ok(), networks.get(scope.tenantId(), NetworkId.of(networkId)));
    }

    @GetMapping("/{networkId}/nics")
    Items<NetworkNic> nics(TenantScope scope, @PathVariable String networkId) {
        NetworkId id = NetworkId.of(networkId);
        networks.get(scope.tenantId(), id);
        return new Items<>(networks.nics(scope.tenantId(), id));
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> create(
            TenantScope scope,
            @RequestBody Body body,
            @RequestHeader(name = IdempotencyKey.HEADER, required = false) @Nullable String key) {
        NetworkId id = networks.create(scope.tenantId(), spec(body), IdempotencyKey.check(key));
        URI location = URI.create("/api/v1/tenants/" + scope.slug() + "/networks/" + id);
        return answer(ResponseEntity.created(location), networks.get(scope.tenantId(), id));
    }

    @PutMapping("/{networkId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> replace(
            TenantScope scope,
            @PathVariable String networkId,
            @RequestBody Body body,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        NetworkId id = NetworkId.of(networkId);
        networks.replace(scope.tenantId(), id, spec(body), ETags.version(ifMatch));
        return answer(ResponseEntity.ok(), networks.get(scope.tenantId(), id));
    }

    /** @param force NICs in it, and its place in a router, go along; else a network in use is refused */
    @DeleteMapping("/{networkId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Void> delete(
            TenantScope scope,
            @PathVariable String networkId,
            @RequestParam(defaultValue = "false") boolean force,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        networks.delete(scope.tenantId(), NetworkId.of(networkId), force, ETags.version(ifMatch));
        return ResponseEntity.noContent().build();
    }

    private static ResponseEntity<Detail> answer(ResponseEntity.BodyBuilder answer, Network network) {
        return answer.eTag(ETags.of(network.version())).body(Detail.of(network));
    }

    private static NetworkSpec spec(Body body) {
        List<@Nullable Subnet> subnets = body.subnets() == null ? List.of() : body.subnets();
        return new NetworkSpec(
                FormText.text(body.name()),
                subnets.stream().map(NetworkApi::subnet).toList());
    }

    private static SubnetSpec subnet(@Nullable Subnet subnet) {
        if (subnet == null) {
            throw InvalidInputException.field("network.subnet", "subnets", "A subnet is null. Leave it out.");
        }
        List<@Nullable String> dns = subnet.dnsServers() == null ? List.of() : subnet.dnsServers();
        return new SubnetSpec(
                FormText.text(subnet.prefix()),
                FormText.given(subnet.gateway()),
                dns.stream().map(FormText::text).toList(),
                !Boolean.FALSE.equals(subnet.dhcp()));
    }
}
