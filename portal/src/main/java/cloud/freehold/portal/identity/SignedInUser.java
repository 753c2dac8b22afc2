package cloud.freehold.portal.identity;

import cloud.freehold.portal.common.UserId;
import java.io.Serializable;
import org.springframework.security.core.AuthenticatedPrincipal;

/** The person behind a session. Kept in the session, so it holds only what does not go stale in a harmful way. */
public record SignedInUser(UserId id, String email, String displayName)
        implements AuthenticatedPrincipal, Serializable {

    /** The account's id, by which sessions are found again. */
    @Override
    public String getName() {
        return id.toString();
    }
}
