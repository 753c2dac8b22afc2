package cloud.freehold.portal.hostlink;

import java.security.Principal;
import java.util.UUID;

/** The host that a request comes from, known by its certificate alone. */
public record HostPrincipal(UUID id, String name) implements Principal {

    @Override
    public String getName() {
        return name;
    }
}
