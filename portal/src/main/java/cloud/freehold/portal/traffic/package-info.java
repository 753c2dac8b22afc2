/**
 * What goes through a tenant's NICs right now, and what does not: live connections, drops, the packet tester. Nothing here
 * decides over packets; the dataplane is asked what it does.
 */
@ApplicationModule(
        displayName = "Traffic",
        allowedDependencies = {"common", "database", "audit", "tenancy", "hostlink", "live", "firewall", "compute"})
@NullMarked
package cloud.freehold.portal.traffic;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
