package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.identity.SignedInUser;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.authentication.AuthenticationFailureHandler;
import org.springframework.security.web.authentication.SavedRequestAwareAuthenticationSuccessHandler;
import org.springframework.stereotype.Component;

/** What a sign-in leads to: the page that was wanted, or the form again with one sentence. */
@Component
class SignInOutcome extends SavedRequestAwareAuthenticationSuccessHandler implements AuthenticationFailureHandler {

    private static final int LONGEST_AGENT = 200;

    private final SignInAudit audit;

    SignInOutcome(SignInAudit audit) {
        this.audit = audit;
    }

    @Override
    public void onAuthenticationSuccess(
            HttpServletRequest request, HttpServletResponse response, Authentication authentication)
            throws IOException, ServletException {
        if (authentication.getPrincipal() instanceof SignedInUser user) {
            describe(request);
            audit.record("account.signed-in", user.id(), user.email(), request.getRemoteAddr());
        }
        super.onAuthenticationSuccess(request, response, authentication);
    }

    /** What the list of sessions shows about this one. */
    static void describe(HttpServletRequest request) {
        HttpSession session = request.getSession();
        String agent = request.getHeader("User-Agent");
        session.setAttribute(SessionFacts.ADDRESS, request.getRemoteAddr());
        session.setAttribute(
                SessionFacts.AGENT,
                agent == null ? "unknown" : agent.substring(0, Math.min(agent.length(), LONGEST_AGENT)));
    }

    @Override
    public void onAuthenticationFailure(
            HttpServletRequest request, HttpServletResponse response, AuthenticationException failure)
            throws IOException {
        String reason = failure instanceof TooManyAttemptsException tooMany
                ? "wait=" + tooMany.waitFor().toSeconds()
                : "refused";
        getRedirectStrategy().sendRedirect(request, response, "/login?" + reason);
    }
}
