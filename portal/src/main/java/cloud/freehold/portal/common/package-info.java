/** Ids, errors and web helpers that every feature uses; knows no feature. */
@ApplicationModule(
        displayName = "Common",
        allowedDependencies = {})
@NullMarked
package cloud.freehold.portal.common;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
