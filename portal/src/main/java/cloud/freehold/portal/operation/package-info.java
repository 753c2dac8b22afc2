/**
 * Operations: durable rows for what takes time, with a state, progress, a deadline and the cause of a failure. Features
 * start them in the transaction of the change; hosts move them on.
 */
@ApplicationModule(
        displayName = "Operations",
        allowedDependencies = {"common", "database", "tenancy", "live", "audit"})
@NullMarked
package cloud.freehold.portal.operation;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
