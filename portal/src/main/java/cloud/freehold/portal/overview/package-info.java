/** The first page: what needs attention, what runs, what is being done, what is used up. */
@ApplicationModule(
        displayName = "Overview",
        allowedDependencies = {"common", "tenancy", "compute", "operation", "backup"})
@NullMarked
package cloud.freehold.portal.overview;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
