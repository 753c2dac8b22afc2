/** Fills an empty portal with two tenants to try things with. */
@ApplicationModule(
        displayName = "Demo",
        allowedDependencies = {"common", "identity", "members", "tenancy"})
@NullMarked
package cloud.freehold.portal.demo;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
