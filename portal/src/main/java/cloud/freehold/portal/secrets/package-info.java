/**
 * Secrets that have to be in the database (tenants' backup keys, a store's or a webhook's keys), wrapped by a
 * key-encryption key that is not: a copy of the database alone opens nothing.
 *
 * <p>The key file has a line a key, {@code name hex}; the first one wraps, the others still unwrap. To rotate, put a new
 * line first and restart the portals: what the old keys wrapped is wrapped anew, then their lines can go.
 */
@ApplicationModule(
        displayName = "Secrets",
        allowedDependencies = {"common"})
@NullMarked
package cloud.freehold.portal.secrets;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
