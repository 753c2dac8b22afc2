package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.Htmx;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.authentication.LoginUrlAuthenticationEntryPoint;
import org.springframework.stereotype.Component;

/**
 * What an answer to somebody who is not signed in looks like: a page leads to the sign-in, the API gets a problem, and
 * an htmx request gets 401, upon which the page reloads and is led to the sign-in as a whole.
 */
@Component
class SignInEntryPoint implements AuthenticationEntryPoint {

    private final LoginUrlAuthenticationEntryPoint toSignInPage = new LoginUrlAuthenticationEntryPoint("/login");
    private final ProblemWriter problems;

    SignInEntryPoint(ProblemWriter problems) {
        this.problems = problems;
        toSignInPage.setFavorRelativeUris(true);
    }

    @Override
    public void commence(HttpServletRequest request, HttpServletResponse response, AuthenticationException notSignedIn)
            throws IOException, ServletException {
        if (Problem.wantsJson(request) || Htmx.of(request).request()) {
            problems.write(
                    request,
                    response,
                    new Problem(
                            HttpServletResponse.SC_UNAUTHORIZED,
                            "session.none",
                            "You are not signed in",
                            "Your session has ended. Sign in again."));
        } else {
            toSignInPage.commence(request, response, notSignedIn);
        }
    }
}
