/** A tenant's networks, their subnets, and the NICs and addresses in them. */
@ApplicationModule(
        displayName = "Networks",
        allowedDependencies = {"common", "database", "tenancy", "audit", "hostlink", "live"})
@NullMarked
package cloud.freehold.portal.network;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
