/** The firewall's pages, fragments and API. */
@NullMarked
package cloud.freehold.portal.firewall.web;

import org.jspecify.annotations.NullMarked;
