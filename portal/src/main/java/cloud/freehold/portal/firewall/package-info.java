/**
 * Security groups, their rules, address groups, and where they are attached. Others use what stands in this package;
 * {@code domain} and {@code web} are the firewall's own.
 */
@ApplicationModule(
        displayName = "Firewall",
        allowedDependencies = {"common", "database", "audit", "tenancy", "hostlink", "live"})
@NullMarked
package cloud.freehold.portal.firewall;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
