/** What is done by the clock: policies' backups, verifications and drills, collections. Across tenants; once among all portals. */
@NullMarked
package cloud.freehold.portal.backup.schedule;

import org.jspecify.annotations.NullMarked;
