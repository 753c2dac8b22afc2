/** What hosts are ordered to do with recovery points, what they are given for it, and what they bring: across tenants. */
@NullMarked
package cloud.freehold.portal.backup.hosting;

import org.jspecify.annotations.NullMarked;
