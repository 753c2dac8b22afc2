/** Virtual machines: what tenants ask of them, and what their hosts report. */
@ApplicationModule(
        displayName = "Compute",
        allowedDependencies = {
            "common",
            "database",
            "tenancy",
            "audit",
            "hostlink",
            "operation",
            "network",
            "firewall",
            "live",
            "demo",
            "members"
        })
@NullMarked
package cloud.freehold.portal.compute;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
