/** Tenants, their members and roles; who may do what under {@code /t/{tenantSlug}}. */
@ApplicationModule(
        displayName = "Tenancy",
        allowedDependencies = {"common", "database"})
@NullMarked
package cloud.freehold.portal.tenancy;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
