/** The picture of a tenant's networking: routers, networks and the VMs in them. */
@ApplicationModule(
        displayName = "Topology",
        allowedDependencies = {"common", "tenancy", "compute", "network"})
@NullMarked
package cloud.freehold.portal.topology;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
