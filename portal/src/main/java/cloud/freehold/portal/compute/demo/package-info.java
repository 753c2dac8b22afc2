/** What the demo's tenants begin with. */
@NullMarked
package cloud.freehold.portal.compute.demo;

import org.jspecify.annotations.NullMarked;
