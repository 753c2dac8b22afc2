package cloud.freehold.portal.tenancy;

import cloud.freehold.portal.common.UserId;
import java.util.List;
import java.util.Optional;

/** Which tenants a user is a member of. */
public interface Tenants {

    /** In order of their names. */
    List<TenantScope> of(UserId user);

    /** Empty when there is no such tenant or the user is no member: nobody can tell the two apart. */
    Optional<TenantScope> find(String slug, UserId user);
}
