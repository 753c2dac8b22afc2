/**
 * Finds a tenant's VMs, addresses, groups and operations by what somebody remembers of them; behind Ctrl-K and its page.
 * It only reads, across the tables of several features, so that one question is one query.
 */
@ApplicationModule(
        displayName = "Search",
        allowedDependencies = {"common", "tenancy"})
@NullMarked
package cloud.freehold.portal.search;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
