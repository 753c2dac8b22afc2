/** People: how they sign in, their passwords and sessions. */
@ApplicationModule(
        displayName = "Identity",
        allowedDependencies = {"common", "database", "tenancy", "audit"})
@NullMarked
package cloud.freehold.portal.identity;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
