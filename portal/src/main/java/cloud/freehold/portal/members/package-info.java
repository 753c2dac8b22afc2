/** Who belongs to a tenant, in which role; founding tenants. */
@ApplicationModule(
        displayName = "Members",
        allowedDependencies = {"common", "database", "tenancy", "audit", "identity"})
@NullMarked
package cloud.freehold.portal.members;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
