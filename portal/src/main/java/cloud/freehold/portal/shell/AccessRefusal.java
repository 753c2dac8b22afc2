package cloud.freehold.portal.shell;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.csrf.CsrfException;
import org.springframework.stereotype.Component;

/** A missing form token, mostly a page that was open for longer than its session, or a door that is never opened. */
@Component
class AccessRefusal implements AccessDeniedHandler {

    private final ProblemWriter problems;

    AccessRefusal(ProblemWriter problems) {
        this.problems = problems;
    }

    @Override
    public void handle(HttpServletRequest request, HttpServletResponse response, AccessDeniedException refused)
            throws IOException {
        Problem problem = refused instanceof CsrfException
                ? new Problem(
                        HttpServletResponse.SC_FORBIDDEN,
                        "session.form-expired",
                        "This page is out of date",
                        "It was opened before you last signed in, so nothing was changed. Reload the page and try again.")
                : new Problem(
                        HttpServletResponse.SC_FORBIDDEN,
                        "access.refused",
                        "This is not open to you",
                        "Nothing was changed. Go back to the start page.");
        problems.write(request, response, problem);
    }
}
