/** The append-only, hash-chained record of who did what, which each tenant sees for itself. */
@ApplicationModule(
        displayName = "Audit",
        allowedDependencies = {"common", "database", "tenancy"})
@NullMarked
package cloud.freehold.portal.audit;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
