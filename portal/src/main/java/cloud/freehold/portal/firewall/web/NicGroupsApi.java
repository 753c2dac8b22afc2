package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Attachments;
import cloud.freehold.portal.firewall.domain.SecurityGroup;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** A NIC's security groups for programs: the whole list, in order. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/nics/{nicId}/security-groups")
class NicGroupsApi {

    private final Attachments attachments;
    private final ActorSource actors;

    NicGroupsApi(Attachments attachments, ActorSource actors) {
        this.attachments = attachments;
        this.actors = actors;
    }

    record Groups(@Nullable List<String> securityGroupIds) {}

    @GetMapping
    Groups get(TenantScope scope, @PathVariable String nicId) {
        UUID nic = attachments.nic(scope.tenantId(), Ids.parse(nicId)).id();
        return new Groups(attachments.groupsOf(scope.tenantId(), nic).stream()
                .map(SecurityGroup::id)
                .map(SecurityGroupId::toString)
                .toList());
    }

    @PutMapping
    @RequiresRole(Role.OPERATOR)
    Groups set(TenantScope scope, @PathVariable String nicId, @RequestBody Groups body) {
        List<String> wanted = body.securityGroupIds() == null ? List.of() : body.securityGroupIds();
        attachments.set(
                scope.tenantId(),
                actors.current(),
                Ids.parse(nicId),
                wanted.stream().map(SecurityGroupId::of).toList());
        return get(scope, nicId);
    }
}
