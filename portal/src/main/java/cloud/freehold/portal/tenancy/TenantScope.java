package cloud.freehold.portal.tenancy;

import cloud.freehold.portal.common.ForbiddenException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import java.time.ZoneId;

/**
 * The tenant that a request is about and what its user may do there. A parameter of this type in a controller under
 * {@code /t/{tenantSlug}/} or {@code /api/v1/tenants/{tenantSlug}/} is filled in; templates find it as {@code scope}.
 */
public record TenantScope(TenantId tenantId, String slug, String name, UserId userId, Role role, ZoneId zone) {

    /** May run VMs and edit the firewall. */
    public boolean canOperate() {
        return role.atLeast(Role.OPERATOR);
    }

    /** May manage members and settings. */
    public boolean canAdminister() {
        return role.atLeast(Role.ADMIN);
    }

    public boolean isOwner() {
        return role == Role.OWNER;
    }

    /** The tenant's page {@code rest}, which starts with a slash. */
    public String path(String rest) {
        return "/t/" + slug + rest;
    }

    public void require(Role needed) {
        if (!role.atLeast(needed)) {
            throw new ForbiddenException(
                    "role.insufficient",
                    "You are " + role.label().toLowerCase(java.util.Locale.ROOT) + " of " + name
                            + "; this needs the role "
                            + needed.label().toLowerCase(java.util.Locale.ROOT)
                            + " or higher. An owner or admin of the tenant can give it to you under Settings, Members.");
        }
    }
}
