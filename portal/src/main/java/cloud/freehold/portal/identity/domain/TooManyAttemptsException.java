package cloud.freehold.portal.identity.domain;

import java.time.Duration;
import org.springframework.security.core.AuthenticationException;

/** The sign-in was not even tried. */
final class TooManyAttemptsException extends AuthenticationException {

    private static final long serialVersionUID = 1L;

    private final Duration wait;

    TooManyAttemptsException(Duration wait) {
        super("Too many attempts; wait " + wait.toSeconds() + " s");
        this.wait = wait;
    }

    Duration waitFor() {
        return wait;
    }
}
