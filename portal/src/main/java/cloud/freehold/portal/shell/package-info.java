/** The frame around all features: security of the doors, error pages, headers, what the layout shows. */
@ApplicationModule(
        displayName = "Shell",
        allowedDependencies = {"common", "database", "tenancy", "audit", "identity", "notification"})
@NullMarked
package cloud.freehold.portal.shell;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
