package cloud.freehold.portal.members;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.tenancy.Role;

/** Creates tenants; the provider's work, not a tenant's. */
public interface TenantFounding {

    /** The tenant with this slug; a new one with the usual quotas when there is none. */
    TenantId provide(String slug, String name);

    /** Leaves an existing membership as it is. */
    void provideMember(TenantId tenant, UserId user, String email, Role role);
}
