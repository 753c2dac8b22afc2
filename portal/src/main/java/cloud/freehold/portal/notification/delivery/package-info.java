/** Carries notifications out of the portal: across tenants, with deadlines, again when it did not work. */
@NullMarked
package cloud.freehold.portal.notification.delivery;

import org.jspecify.annotations.NullMarked;
