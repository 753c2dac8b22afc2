/** The provider's networks outside: from the settings to rows, across tenants. */
@NullMarked
package cloud.freehold.portal.network.provider;

import org.jspecify.annotations.NullMarked;
