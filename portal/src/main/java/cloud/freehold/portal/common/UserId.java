package cloud.freehold.portal.common;

import java.util.UUID;

/** A person who signs in; one user may be a member of several tenants. */
public record UserId(UUID value) implements Id {

    public static UserId of(String text) {
        return new UserId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
