/**
 * The way to PostgreSQL: two data sources (one under row-level security, one for work across tenants), the embedded
 * server, and the tenant that a transaction acts for.
 */
@ApplicationModule(displayName = "Database", allowedDependencies = "common")
@NullMarked
package cloud.freehold.portal.database;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
