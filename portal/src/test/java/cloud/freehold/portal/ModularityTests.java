package cloud.freehold.portal;

import org.junit.jupiter.api.Test;
import org.springframework.modulith.core.ApplicationModules;

/** Features use each other only through their root packages and only where {@code package-info.java} says so. */
class ModularityTests {

    @Test
    void featuresKeepTheirBoundaries() {
        ApplicationModules.of(PortalApplication.class).verify();
    }
}
