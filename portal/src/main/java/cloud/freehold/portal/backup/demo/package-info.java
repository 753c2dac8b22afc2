/** What the demo shows of backups. */
@NullMarked
package cloud.freehold.portal.backup.demo;

import org.jspecify.annotations.NullMarked;
