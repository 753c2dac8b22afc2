package cloud.freehold.portal.common;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who does something: what the audit trail writes down.
 *
 * @param name the e-mail address of a person, the name of a host, or the part of the portal that acts by itself
 * @param sourceIp where the request came from; null for the portal's own work
 */
public record Actor(
        Kind kind, @Nullable UUID id, String name, @Nullable String sourceIp) {

    /** Says in the trail whether a person of the tenant, a host, the portal itself or the provider's staff acted. */
    public enum Kind {
        /** A member of the tenant. */
        MEMBER,
        /** The agent of a host. */
        HOST,
        /** The portal by itself, for example when a rule expires. */
        SYSTEM,
        /** Staff of the provider. */
        PROVIDER
    }

    public static Actor system(String part) {
        return new Actor(Kind.SYSTEM, null, part, null);
    }

    public static Actor host(UUID id, String name, @Nullable String sourceIp) {
        return new Actor(Kind.HOST, id, name, sourceIp);
    }

    public static Actor member(UserId user, String email, @Nullable String sourceIp) {
        return new Actor(Kind.MEMBER, user.value(), email, sourceIp);
    }
}
